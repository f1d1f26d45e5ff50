//! One sequence: an act, with or without trouble, what follows by itself, and all checks; again and again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use rolecall_control::ControlError;
use rolecall_control::keeper::Keeper;
use rolecall_core::request::Refusal;

use super::act::{self, Act};
use super::away::Away;
use super::chance;
use super::crash::{Death, crash};
use super::dice::Dice;
use super::foresee::foresee;
use super::judge::{Found, Judge};
use super::ledger::Ledger;
use super::model::Model;
use super::rules::{PLACES, Rules};
use super::world::World;

/// What a sequence came to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    pub steps: usize,
    pub refused: usize,
    /// Among these, because the clock was behind.
    pub behind: usize,
    /// How often the clock was taken for right.
    pub accepted: usize,
    pub killed: usize,
    pub away: usize,
    /// How often everybody had exactly what they should, not only no more.
    pub exact: usize,
}

/// One sequence under way.
pub struct Run {
    pub world: World,
    pub keeper: Arc<Keeper>,
    pub model: Model,
    pub ledger: Ledger,
    /// By server.
    pub judges: [Judge; PLACES.len()],
    pub found: [Found; PLACES.len()],
    /// So many entries were told when a server's judge looked last.
    pub looked: [usize; PLACES.len()],
    pub away: Option<Away>,
    pub tally: Tally,
    pub wrong: Vec<String>,
    /// Servers on which another policy was applied last.
    pub dirty: BTreeSet<usize>,
    story: Vec<String>,
    begun: Instant,
}

/// Plays the sequence of a seed; an error tells what went wrong, and all that led to it.
pub async fn run(seed: u64, steps: usize) -> Result<Tally, String> {
    let mut dice = Dice::new(seed);
    let mut run = Run::begin().await;
    for place in 0..PLACES.len() {
        act::act(&run.keeper, &Act::Apply { place }).await.unwrap();
        run.dirty.remove(&place);
    }
    run.step(&Act::Wait).await;
    while run.tally.steps < steps && run.wrong.is_empty() {
        run.turn(&mut dice).await;
    }
    run.back();
    for place in 0..PLACES.len() {
        if run.wrong.is_empty() {
            run.step(&Act::Apply { place }).await;
        }
    }
    if run.wrong.is_empty() {
        return Ok(run.tally);
    }
    Err(format!("{}\n\nseed {seed}:\n{}", run.story.join("\n"), run.wrong.join("\n")))
}

impl Run {
    async fn begin() -> Self {
        let rules = Rules::first();
        let world = World::new(&rules).await;
        let keeper = world.start().await;
        Self {
            keeper,
            model: Model::new(rules, world.clock()),
            ledger: Ledger::default(),
            judges: PLACES.map(|_| Judge::new()),
            found: PLACES.map(|_| Found::default()),
            looked: [0; PLACES.len()],
            away: None,
            tally: Tally::default(),
            story: Vec::new(),
            begun: Instant::now(),
            wrong: Vec::new(),
            dirty: (0..PLACES.len()).collect(),
            world,
        }
    }

    /// The time that is decided for.
    pub fn now(&self) -> i64 {
        self.model.now
    }

    fn tell(&mut self, what: &str) {
        let line = format!("{:>4} {} {what}", self.tally.steps, self.now());
        if std::env::var_os("ROLECALL_SEED").is_some() {
            println!("{:>6.2} s {line}", self.begun.elapsed().as_secs_f64());
        }
        self.story.push(line);
    }

    /// Whatever happens next.
    async fn turn(&mut self, dice: &mut Dice) {
        self.time(dice).await;
        if self.away.is_some() && dice.chance(20) {
            self.back();
        } else if self.away.is_none() && dice.chance(10) {
            let (away, how) = Away::begin(dice, &mut self.world);
            self.tell(&how);
            self.away = Some(away);
            self.tally.away += 1;
        }
        if dice.chance(6) {
            self.edit(dice).await;
        }
        let dirty: Vec<usize> = self.dirty.iter().copied().collect();
        let apply = dice.pick(&dirty).filter(|_| dice.chance(45));
        let act = apply.map_or_else(|| chance::act(dice, &self.model), |place| Act::Apply { place });
        if self.away.is_none() && dice.chance(25) {
            let death = Death::random(dice);
            self.crash(&act, death, dice.below(PLACES.len())).await;
        } else {
            self.step(&act).await;
        }
    }

    /// Time passes, the clock is set to something else, and Rolecall looks at both, as it does every two seconds.
    async fn time(&mut self, dice: &mut Dice) {
        let (pass, set) = (chance::pass(dice), chance::set(dice, self.model.behind()));
        self.world.pass(pass);
        self.model.pass(pass);
        self.look().await;
        if set != 0 {
            self.world.set(set);
            self.model.set(self.world.clock());
            self.tell(&format!("the clock is set by {set}, and behind by {}", self.model.behind()));
            self.look().await;
        }
    }

    async fn look(&mut self) {
        let now = self.keeper.store().keep_time().await.unwrap().now.as_second();
        if now != self.now() {
            self.wrong.push(format!("the time to decide for is {now}, and should be {}", self.now()));
        }
    }

    /// What a process that starts finds of the time: nothing of it is lost while the clock is behind.
    async fn stop(&mut self) {
        let decided = self.keeper.store().read().decided().await.unwrap().map_or(i64::MIN, Timestamp::as_second);
        if self.model.behind() > 0 && decided != self.now() {
            self.wrong.push(format!("the store keeps {decided}, and should keep {}", self.now()));
        }
        self.model.now = decided.max(self.model.clock);
        self.keeper.store().clone().close().await;
    }

    fn back(&mut self) {
        if let Some(away) = self.away.take() {
            if !away.runs() {
                self.judges[away.place].forget();
            }
            away.end(&mut self.world);
            self.tell("the server is back");
        }
    }

    /// Another policy comes into force when Rolecall starts again; what it gives must be applied.
    async fn edit(&mut self, dice: &mut Dice) {
        self.model.rules.edit(dice, self.now());
        self.world.write(&self.model.rules);
        self.tell(&format!("another policy: {:?}", self.model.rules.people));
        self.stop().await;
        self.keeper = self.world.start().await;
        self.dirty = (0..PLACES.len()).collect();
    }

    fn note(&mut self, act: &Act) {
        self.tally.steps += 1;
        // What the policy dates holds again where its date has not come any more, once it is applied.
        if matches!(act, Act::Accept { .. }) {
            self.dirty = (0..PLACES.len()).collect();
        }
    }

    /// An act, what follows, and what must hold then.
    async fn step(&mut self, act: &Act) {
        self.note(act);
        let foreseen = foresee(&self.model, act, self.now(), self.away.as_ref());
        let done = act::act(&self.keeper, act).await;
        self.tell(&format!("{act:?} -> {}", done.as_ref().map_or_else(ToString::to_string, |()| "done".to_owned())));
        let possible = match &done {
            Ok(()) => {
                if let Act::Apply { place } = act {
                    self.dirty.remove(place);
                }
                self.tally.accepted += usize::from(matches!(act, Act::Accept { .. }));
                foreseen
            }
            Err(
                ControlError::Refused(_)
                | ControlError::Denied(_)
                | ControlError::NoRequest(_)
                | ControlError::NoLease(_),
            ) => {
                self.tally.refused += 1;
                self.tally.behind +=
                    usize::from(matches!(done, Err(ControlError::Refused(Refusal::ClockBehind { .. }))));
                if !foreseen.is_empty() && !foreseen.contains(&self.model) {
                    self.wrong.push("it was refused, and should not be".to_owned());
                }
                vec![self.model.clone()]
            }
            Err(ControlError::Server { .. })
                if self.away.as_ref().is_some_and(|away| act.needs(away.place, &self.model)) =>
            {
                vec![self.model.clone()]
            }
            Err(error) => {
                self.wrong.push(format!("it failed: {error:?}"));
                vec![self.model.clone()]
            }
        };
        self.adopt(possible).await;
        self.follow().await;
    }

    /// Rolecall is killed somewhere in an act and what follows, and starts again.
    async fn crash(&mut self, act: &Act, death: Death, place: usize) {
        self.note(act);
        self.stop().await;
        let mut possible = foresee(&self.model, act, self.now(), None);
        possible.push(self.model.clone());
        let killed = tokio::task::block_in_place(|| crash(&self.world, act, death, place));
        self.tell(&format!("{act:?} {death:?} at {:?} -> killed: {killed:?}", PLACES[place]));
        match killed {
            Ok(killed) => self.tally.killed += usize::from(killed),
            Err(error) => self.wrong.push(error),
        }
        self.keeper = self.world.start().await;
        self.adopt(possible).await;
        self.check(None).await;
        self.follow().await;
    }

    /// What follows by itself, and what must hold then.
    async fn follow(&mut self) {
        let settled = act::settle(&self.keeper).await;
        let known = self.model.clone();
        self.adopt(vec![known]).await;
        let away = self.away.as_ref().map(|away| away.place);
        let label = away.map(|place| format!("{} · {}", PLACES[place].0, PLACES[place].1));
        let there =
            |error: &ControlError| matches!(error, ControlError::Server { place, .. } if Some(place) == label.as_ref());
        let settled = match settled {
            Ok(failures) if failures.is_empty() => Some(None),
            // Only where it is away, and everywhere else all is as it should be.
            Ok(failures) if failures.iter().all(there) => Some(away),
            other => {
                self.wrong.push(format!("it was not settled: {other:?}"));
                None
            }
        };
        self.check(settled).await;
    }
}
