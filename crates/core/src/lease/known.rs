//! The Leases that a decision looks at, found by their holder: a company has thousands of people, each of whom is asked
//! after, and a thousand Leases.

use super::Lease;

/// Leases in the order they were given.
#[derive(Debug, Clone, Default)]
pub struct Leases {
    all: Vec<Lease>,
    /// Places in `all`, by holder.
    by_holder: Vec<usize>,
}

static NONE: Leases = Leases { all: Vec::new(), by_holder: Vec::new() };

impl Leases {
    /// No Lease at all.
    pub fn none() -> &'static Self {
        &NONE
    }

    /// Somebody's, those that were given first first.
    pub fn of<'a>(&'a self, principal: &str) -> impl Iterator<Item = &'a Lease> + use<'a> {
        let holder = |place: &usize| self.all.get(*place).map_or("", |lease| lease.principal.as_str());
        let from = self.by_holder.partition_point(|place| holder(place) < principal);
        let rest = self.by_holder.get(from..).unwrap_or_default();
        let count = rest.partition_point(|place| holder(place) == principal);
        rest.iter().take(count).filter_map(|place| self.all.get(*place))
    }

    /// These and one more.
    #[must_use]
    pub fn with(&self, lease: Lease) -> Self {
        self.all.iter().cloned().chain([lease]).collect()
    }
}

impl From<Vec<Lease>> for Leases {
    fn from(all: Vec<Lease>) -> Self {
        let mut by_holder: Vec<(&str, usize)> =
            all.iter().enumerate().map(|(place, lease)| (lease.principal.as_str(), place)).collect();
        by_holder.sort_unstable();
        let by_holder = by_holder.into_iter().map(|(_, place)| place).collect();
        Self { all, by_holder }
    }
}

impl FromIterator<Lease> for Leases {
    fn from_iter<T: IntoIterator<Item = Lease>>(leases: T) -> Self {
        leases.into_iter().collect::<Vec<_>>().into()
    }
}

impl std::ops::Deref for Leases {
    type Target = [Lease];

    fn deref(&self) -> &[Lease] {
        &self.all
    }
}
