//! What must hold after each step.

use super::model::Model;
use super::run::Run;
use super::seen::Seen;

impl Run {
    /// Takes over the one of the possible models that the store says has come about.
    pub async fn adopt(&mut self, possible: Vec<Model>) {
        let seen = Seen::read(self.keeper.store().read()).await.unwrap();
        let now = self.world.now().max(seen.decided);
        let mut why = vec!["the model knows nothing of what has come about".to_owned()];
        for model in possible {
            match seen.adopt(&model, now) {
                Ok(model) => return self.model = model,
                Err(error) => why.push(error),
            }
        }
        self.wrong.extend(why);
    }

    /// `settled`: all that was decided has been carried out. `whole`: and all that the policy says.
    pub async fn check(&mut self, settled: bool, whole: bool) {
        let seen = Seen::read(self.keeper.store().read()).await.unwrap();
        self.ledger.read(self.keeper.store(), &mut self.wrong).await;
        self.ledger.agrees(&seen, &mut self.wrong);
        if settled && let Err(why) = seen.settled(&self.model, self.now()) {
            self.wrong.push(why);
        }
        if self.away.as_ref().is_none_or(super::away::Away::runs) {
            self.access(whole).await;
        }
    }

    /// Nobody has more than they may; once all is carried out, nobody has less.
    async fn access(&mut self, whole: bool) {
        let now = self.now();
        let found = self.judge.look(&self.world.server, &mut self.wrong).await;
        let mut everybody: Vec<String> = self.model.rules.people.keys().map(|who| (*who).to_owned()).collect();
        everybody.extend(found.access.keys().cloned());
        for who in everybody {
            let has = found.access.get(&who).cloned().unwrap_or_default();
            let may = self.model.access(&who, now);
            // What was there and is not theirs any more may stay until it is carried out that it is not.
            let had = self.found.access.get(&who).cloned().unwrap_or_default();
            if whole && has != may {
                self.wrong.push(format!("{who} has {has:?} and should have {may:?}"));
            } else if !has.within(&may.or(&had)) {
                self.wrong.push(format!("{who} has {has:?}, had {had:?} and may have {may:?}"));
            }
        }
        self.tally.exact += usize::from(whole);
        let told = self.ledger.events.iter().skip(self.looked).any(|event| event.kind.name() == "apply_begun");
        if found.facts != self.found.facts && !told {
            self.wrong.push(format!("no entry tells of {:?}", found.facts.symmetric_difference(&self.found.facts)));
        }
        (self.found, self.looked) = (found, self.ledger.events.len());
    }
}
