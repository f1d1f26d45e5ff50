//! Rolecall in a process of its own, which is killed between any two of its writes: before or after a message to the
//! server, at a transaction of the store, or in the middle of writing a page of its file.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use nix::sys::signal::{Signal, kill, raise};
use nix::unistd::Pid;
use rolecall_control::clock::Clock;
use serde::{Deserialize, Serialize};

use super::act::{Act, act, settle};
use super::dice::Dice;
use super::proxy::{Moment, Proxy, Verdict};
use super::world::{Told, World, start};

/// When it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// Around the message to the server with this number.
    Message(usize, Moment),
    /// When it asks for the time so often, as each transaction of the store does first.
    Clock(usize),
    /// When a file of its store would become longer than so many blocks of 512 bytes.
    Write(usize),
}

impl Death {
    pub fn random(dice: &mut Dice) -> Self {
        match dice.below(3) {
            0 => Self::Message(1 + dice.below(70), if dice.chance(50) { Moment::Before } else { Moment::After }),
            1 => Self::Clock(1 + dice.below(9)),
            _ => Self::Write(64 + dice.below(250)),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Job {
    folder: PathBuf,
    clock: i64,
    act: Act,
    last_look: Option<usize>,
}

/// A clock that may be looked at only so often.
struct Last {
    told: Told,
    left: Option<AtomicUsize>,
}

impl Clock for Last {
    fn now(&self) -> Timestamp {
        if self.left.as_ref().is_some_and(|left| left.fetch_sub(1, Ordering::SeqCst) == 1) {
            raise(Signal::SIGKILL).unwrap();
        }
        self.told.now()
    }

    fn elapsed(&self) -> Duration {
        self.told.elapsed()
    }
}

/// Not a test of its own: the process that is killed, or comes to its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by the test that plays sequences"]
async fn rolecall() {
    let job: Job = serde_json::from_str(&std::env::var("MODEL_JOB").unwrap()).unwrap();
    let clock = Last {
        told: Told { shows: AtomicI64::new(job.clock), ..Told::default() },
        left: job.last_look.map(AtomicUsize::new),
    };
    let keeper = start(&job.folder, Arc::new(clock)).await;
    // It may be refused, and may come too late for the lock of who was killed before.
    act(&keeper, &job.act).await.ok();
    settle(&keeper).await.unwrap();
}

/// Lets a process do something and what follows; messages are counted at one of the servers. True if it was killed meanwhile.
pub fn crash(world: &World, doing: &Act, death: Death, place: usize) -> Result<bool, String> {
    let victim = Arc::new(AtomicI32::new(0));
    let (pid, socket) = (Arc::clone(&victim), world.socket(place));
    let proxy = Proxy::start(socket, move |exchange, moment| {
        if death != Death::Message(exchange.number, moment) {
            return Verdict::Pass;
        }
        kill(Pid::from_raw(pid.load(Ordering::SeqCst)), Signal::SIGKILL).unwrap();
        Verdict::Cut
    });
    world.lead_to(place, proxy.folder(), 5432);
    let last_look = if let Death::Clock(looks) = death { Some(looks) } else { None };
    let job = Job { folder: world.folder().to_owned(), clock: world.clock(), act: doing.clone(), last_look };
    let blocks = if let Death::Write(blocks) = death { blocks.to_string() } else { "unlimited".to_owned() };
    let child = command(&blocks, &std::env::current_exe().unwrap())
        .env("MODEL_JOB", serde_json::to_string(&job).unwrap())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    victim.store(child.id().cast_signed(), Ordering::SeqCst);
    let output = child.wait_with_output().unwrap();
    world.lead_home(place);
    match (output.status.success(), output.status.signal()) {
        (true, _) => Ok(false),
        (_, Some(9 | 25)) => Ok(true),
        _ => Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stdout))),
    }
}

/// The shell's limit on the length of files is what kills in the middle of a write.
fn command(blocks: &str, program: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -c 0; ulimit -f \"$0\"; exec \"$@\"", blocks]);
    command.arg(program).args(["--ignored", "--exact", "crash::rolecall"]);
    command
}
