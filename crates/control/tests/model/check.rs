//! What must hold after each step.

use rolecall_core::event::Place;

use super::judge::Found;
use super::model::{Lease, Model};
use super::rules::PLACES;
use super::run::Run;
use super::seen::Seen;

impl Run {
    /// Takes over the one of the possible models that the store says has come about.
    pub async fn adopt(&mut self, possible: Vec<Model>) {
        let seen = Seen::read(self.keeper.store().read()).await.unwrap();
        let mut why = vec!["the model knows nothing of what has come about".to_owned()];
        for model in possible {
            match seen.adopt(&model) {
                Ok(model) => return self.model = model,
                Err(error) => why.push(error),
            }
        }
        self.wrong.extend(why);
    }

    /// `settled`: all that was decided has been carried out, but on a server that is in trouble; None: it was not tried.
    pub async fn check(&mut self, settled: Option<Option<usize>>) {
        let seen = Seen::read(self.keeper.store().read()).await.unwrap();
        self.ledger.read(self.keeper.store(), &mut self.wrong).await;
        self.ledger.agrees(&seen, &mut self.wrong);
        if let Some(trouble) = settled
            && let Err(why) = seen.settled(&self.model, self.now(), trouble)
        {
            self.wrong.push(why);
        }
        let late = |lease: &Lease| self.model.live(lease, self.now()) && lease.over_by <= self.model.passed;
        if let Some((id, _)) = self.model.leases.iter().find(|(_, lease)| late(lease)) {
            self.wrong.push(format!("lease {id} lives for longer than was agreed"));
        }
        let stopped = self.away.as_ref().filter(|away| !away.runs()).map(|away| away.place);
        // Side by side: each account of each server is asked by a session of its own.
        let places = self.judges.iter_mut().zip(&self.world.servers).enumerate();
        let looks = places.filter(|(place, _)| Some(*place) != stopped).map(|(place, (judge, server))| async move {
            let mut wrong = Vec::new();
            (place, judge.look(server, &mut wrong).await, wrong)
        });
        for (place, found, wrong) in futures_util::future::join_all(looks).await {
            self.wrong.extend(wrong);
            // All that the policy says, too, is on it.
            let whole = settled.is_some_and(|trouble| trouble != Some(place)) && !self.dirty.contains(&place);
            self.access(place, found, whole);
        }
    }

    /// Nobody has more than they may; once all is carried out, nobody has less.
    fn access(&mut self, place: usize, found: Found, whole: bool) {
        let now = self.now();
        let before = std::mem::take(&mut self.found[place]);
        let mut everybody: Vec<String> = self.model.rules.people.keys().map(|who| (*who).to_owned()).collect();
        everybody.extend(found.access.keys().cloned());
        for who in everybody {
            let has = found.access.get(&who).cloned().unwrap_or_default();
            let may = self.model.access(&who, now, PLACES[place]);
            // What was there and is not theirs any more may stay until it is carried out that it is not.
            let had = before.access.get(&who).cloned().unwrap_or_default();
            if whole && has != may {
                self.wrong.push(format!("{:?}: {who} has {has:?} and should have {may:?}", PLACES[place]));
            } else if !has.within(&may.or(&had)) {
                self.wrong.push(format!("{:?}: {who} has {has:?}, had {had:?} and may have {may:?}", PLACES[place]));
            }
        }
        self.tally.exact += usize::from(whole);
        let here = |at: &Place| (at.environment.as_str(), at.server.as_str()) == PLACES[place];
        let told = self
            .ledger
            .events
            .iter()
            .skip(self.looked[place])
            .any(|event| event.kind.name() == "apply_begun" && event.kind.place().is_some_and(here));
        if found.facts != before.facts && !told {
            self.wrong.push(format!("no entry tells of {:?}", found.facts.symmetric_difference(&before.facts)));
        }
        (self.found[place], self.looked[place]) = (found, self.ledger.events.len());
    }
}
