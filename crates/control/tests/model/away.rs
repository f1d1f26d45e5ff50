//! The server is away: nobody knows where it is, its connections are cut, or it was stopped.

use super::dice::Dice;
use super::proxy::{Moment, Proxy, Verdict};
use super::rules::PLACES;
use super::world::World;

/// Which one, and how.
pub struct Away {
    pub place: usize,
    how: How,
}

enum How {
    /// Where it should be is nothing.
    Nowhere,
    /// Its connections were or will be cut, and no new one comes about.
    Cut(#[expect(dead_code, reason = "it stands there as long as it is kept")] Proxy),
    /// It does not run.
    Stopped,
}

impl Away {
    /// Takes a server away, and says which and how.
    pub fn begin(dice: &mut Dice, world: &mut World) -> (Self, String) {
        let place = dice.below(PLACES.len());
        let (how, told) = How::begin(dice, world, place);
        (Self { place, how }, format!("{:?} {told}", PLACES[place]))
    }

    /// It is back.
    pub fn end(self, world: &mut World) {
        if matches!(self.how, How::Stopped) {
            world.servers[self.place].restart().unwrap();
        }
        world.lead_home(self.place);
    }

    /// Whether the judge can ask it.
    pub fn runs(&self) -> bool {
        !matches!(self.how, How::Stopped)
    }

    /// Whether Rolecall can surely not ask it.
    pub fn surely(&self) -> bool {
        !matches!(self.how, How::Cut(_))
    }
}

impl How {
    fn begin(dice: &mut Dice, world: &mut World, place: usize) -> (Self, String) {
        match dice.below(5) {
            0 | 1 => {
                let nowhere = world.folder().join("nowhere");
                world.lead_to(place, &nowhere, 5432);
                (Self::Nowhere, "is nowhere".to_owned())
            }
            2 | 3 => {
                let last = 1 + dice.below(60);
                let moment = if dice.chance(50) { Moment::Before } else { Moment::After };
                let proxy = Proxy::start(world.socket(place), move |exchange, now| {
                    if (exchange.number, now) == (last, moment) { Verdict::Cut } else { Verdict::Pass }
                });
                world.lead_to(place, proxy.folder(), 5432);
                (Self::Cut(proxy), format!("is cut off {moment:?} message {last}"))
            }
            _ => {
                if dice.chance(50) {
                    world.servers[place].stop();
                } else {
                    world.servers[place].crash();
                }
                (Self::Stopped, "is stopped".to_owned())
            }
        }
    }
}
