//! Rows that somebody comes to see, or not to see any more, by values of a Role that they hold before and after.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Direction, Teller, closure};
use crate::plan::change::Change;
use crate::plan::step::Step;
use crate::state::Scope;

/// A scope without its end, and its database.
type Place = (Option<String>, Scope);

impl Teller<'_> {
    pub(super) fn scopes(&mut self, direction: Direction, database: Option<&str>, scopes: &[Scope]) {
        for scope in scopes {
            // Who sees the same rows until another time is told so once.
            let moved = self.moved.get(&(database.map(str::to_owned), Scope { ends: None, ..scope.clone() }));
            if moved.is_some_and(|way| *way != direction) {
                continue;
            }
            let how = match (moved, direction) {
                (None, _) => "",
                (Some(_), Direction::Gains) => ", for longer",
                (Some(_), _) => ", for as long as before",
            };
            let Some((role, account)) = self.id(&scope.role).zip(self.id(&scope.account)) else { continue };
            let holds = |held| closure([account].into_iter(), held).contains(&role);
            let stays = !self.told.contains(&(direction, account, role)) && holds(&self.held) && holds(&self.wanted);
            if stays {
                let values: Vec<String> =
                    scope.values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
                let access =
                    vec![format!("the rows of {} where {}{how}", self.label(&scope.role), values.join(" and "))];
                let because = match &scope.ends {
                    Some(ends) if direction == Direction::Gains => format!("the assignment's values, until {ends}"),
                    Some(_) | None => "the assignment's values".to_owned(),
                };
                self.push(direction, vec![self.label(&scope.account)], access, &because);
            }
        }
    }
}

/// Scopes that go and come again with another end.
pub(super) fn moved(steps: &[Step]) -> BTreeMap<Place, Direction> {
    let end = |scope: &Scope| match scope.ends.as_deref().map(str::parse) {
        Some(Ok(time)) => time,
        Some(Err(_)) | None => Timestamp::MAX,
    };
    let (mut gone, mut come) = (BTreeMap::new(), BTreeMap::new());
    for step in steps {
        let (side, scopes) = match &step.change {
            Change::RemoveScopes { scopes } => (&mut gone, scopes),
            Change::AddScopes { scopes } => (&mut come, scopes),
            _ => continue,
        };
        side.extend(
            scopes.iter().map(|scope| ((step.database.clone(), Scope { ends: None, ..scope.clone() }), end(scope))),
        );
    }
    let later = |new: Timestamp, old: &Timestamp| if new > *old { Direction::Gains } else { Direction::Loses };
    come.into_iter().filter_map(|(key, new)| Some((key.clone(), later(new, gone.get(&key)?)))).collect()
}
