//! One sequence: an act, what follows by itself, and all checks; again and again.

use std::sync::Arc;

use rolecall_control::ControlError;
use rolecall_control::keeper::Keeper;

use super::act::{self, Act};
use super::chance;
use super::dice::Dice;
use super::foresee::foresee;
use super::judge::{Found, Judge};
use super::ledger::Ledger;
use super::model::Model;
use super::rules::Rules;
use super::seen::Seen;
use super::world::World;

/// What a sequence came to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    pub steps: usize,
    pub refused: usize,
    pub exact: usize,
}

/// One sequence under way.
struct Run {
    world: World,
    keeper: Arc<Keeper>,
    model: Model,
    judge: Judge,
    ledger: Ledger,
    found: Found,
    tally: Tally,
    story: Vec<String>,
    wrong: Vec<String>,
}

/// Plays the sequence of a seed; an error tells what went wrong, and all that led to it.
pub async fn run(seed: u64, steps: usize) -> Result<Tally, String> {
    let mut dice = Dice::new(seed);
    let mut run = Run::begin().await;
    run.step(&Act::Apply).await;
    while run.tally.steps < steps && run.wrong.is_empty() {
        let jump = chance::jump(&mut dice);
        // A lease that began before the server's own time would have ended there before it began.
        run.world.jump(if run.model.decided == i64::MIN { jump.max(0) } else { jump });
        let act = chance::act(&mut dice, &run.model);
        run.step(&act).await;
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
            model: Model::new(rules),
            judge: Judge::new(),
            ledger: Ledger::default(),
            found: Found::default(),
            tally: Tally::default(),
            story: Vec::new(),
            wrong: Vec::new(),
            world,
        }
    }

    /// The time that is decided for.
    fn now(&self) -> i64 {
        self.world.now().max(self.model.decided)
    }

    /// An act, what follows, and what must hold then.
    async fn step(&mut self, act: &Act) {
        self.tally.steps += 1;
        let foreseen = foresee(&self.model, act, self.now());
        let done = act::act(&self.keeper, act).await;
        self.story.push(format!("{:>4} {} {act:?} -> {}", self.tally.steps, self.now(), said(&done)));
        let possible = match &done {
            Ok(()) => foreseen,
            Err(
                ControlError::Refused(_)
                | ControlError::Denied(_)
                | ControlError::NoRequest(_)
                | ControlError::NoLease(_),
            ) => {
                self.tally.refused += 1;
                if !foreseen.is_empty() && !foreseen.contains(&self.model) {
                    self.wrong.push("it was refused, and should not be".to_owned());
                }
                vec![self.model.clone()]
            }
            Err(error) => {
                self.wrong.push(format!("it failed: {error:?}"));
                vec![self.model.clone()]
            }
        };
        self.adopt(possible).await;
        match act::settle(&self.keeper).await {
            Ok(failures) if failures.is_empty() => {}
            other => self.wrong.push(format!("it was not settled: {other:?}")),
        }
        let settled = self.model.clone();
        self.adopt(vec![settled]).await;
        self.check().await;
    }

    /// Takes over the one of the possible models that the store says has come about.
    async fn adopt(&mut self, possible: Vec<Model>) {
        let seen = Seen::read(self.keeper.store().read()).await.unwrap();
        let now = self.world.now().max(seen.decided);
        let mut why = vec!["it was done, and should be refused".to_owned()];
        for model in possible {
            match seen.adopt(&model, now) {
                Ok(model) => return self.model = model,
                Err(error) => why.push(error),
            }
        }
        self.wrong.extend(why);
    }

    async fn check(&mut self) {
        let now = self.now();
        let seen = Seen::read(self.keeper.store().read()).await.unwrap();
        let found = self.judge.look(&self.world.server, &mut self.wrong).await;
        let new = self.ledger.read(self.keeper.store(), &mut self.wrong).await;
        self.ledger.agrees(&seen, &mut self.wrong);
        if let Err(why) = seen.settled(&self.model, now) {
            self.wrong.push(why);
        }
        for who in found
            .access
            .keys()
            .chain(self.model.rules.people.keys().map(|who| (*who).to_owned()).collect::<Vec<_>>().iter())
        {
            let has = found.access.get(who).cloned().unwrap_or_default();
            let may = self.model.access(who, now);
            if has != may {
                self.wrong.push(format!("{who} has {has:?} and should have {may:?}"));
            }
        }
        self.tally.exact += 1;
        let told = new.iter().any(|event| event.kind.name() == "apply_begun");
        if found.facts != self.found.facts && !told {
            self.wrong.push(format!("no entry tells of {:?}", found.facts.symmetric_difference(&self.found.facts)));
        }
        self.found = found;
    }
}

fn said(done: &Result<(), ControlError>) -> String {
    done.as_ref().map_or_else(ToString::to_string, |()| "done".to_owned())
}
