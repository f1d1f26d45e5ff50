//! The server is away: nobody knows where it is, its connections are cut, or it was stopped.

use super::dice::Dice;
use super::proxy::{Moment, Proxy, Verdict};
use super::world::World;

/// How it is away.
pub enum Away {
    /// Where it should be is nothing.
    Nowhere,
    /// Its connections were or will be cut, and no new one comes about.
    Cut(#[expect(dead_code, reason = "it stands there as long as it is kept")] Proxy),
    /// It does not run.
    Stopped,
}

impl Away {
    /// Takes the server away, and says how.
    pub fn begin(dice: &mut Dice, world: &mut World) -> (Self, String) {
        match dice.below(5) {
            0 | 1 => {
                let nowhere = world.folder().join("nowhere");
                world.lead_to(&nowhere, 5432);
                (Self::Nowhere, "the server is nowhere".to_owned())
            }
            2 | 3 => {
                let last = 1 + dice.below(60);
                let moment = if dice.chance(50) { Moment::Before } else { Moment::After };
                let proxy = Proxy::start(world.socket(), move |exchange, now| {
                    if (exchange.number, now) == (last, moment) { Verdict::Cut } else { Verdict::Pass }
                });
                world.lead_to(proxy.folder(), 5432);
                (Self::Cut(proxy), format!("the server is cut off {moment:?} message {last}"))
            }
            _ => {
                if dice.chance(50) {
                    world.server.stop();
                } else {
                    world.server.crash();
                }
                (Self::Stopped, "the server is stopped".to_owned())
            }
        }
    }

    /// It is back.
    pub fn end(self, world: &mut World) {
        if matches!(self, Self::Stopped) {
            world.server.restart().unwrap();
        }
        world.lead_home();
    }

    /// Whether the judge can ask it.
    pub fn runs(&self) -> bool {
        !matches!(self, Self::Stopped)
    }
}
