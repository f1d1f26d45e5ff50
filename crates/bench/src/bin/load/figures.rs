//! Figures: the middle and the worst of several runs, against a target and against the floor.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

/// Runs of the same thing.
#[derive(Debug, Clone, Default)]
pub struct Sample(Vec<Duration>);

impl Sample {
    /// A single run.
    pub fn one(took: Duration) -> Self {
        Self(vec![took])
    }

    /// Adds a run.
    pub fn push(&mut self, took: Duration) {
        self.0.push(took);
        self.0.sort_unstable();
    }

    fn median(&self) -> Duration {
        self.0.get(self.0.len() / 2).copied().unwrap_or_default()
    }

    fn worst(&self) -> Duration {
        self.0.last().copied().unwrap_or_default()
    }
}

struct Figure {
    what: String,
    target: Option<Duration>,
    sample: Sample,
}

/// What was measured, in order.
#[derive(Default)]
pub struct Figures {
    floor: Option<Sample>,
    all: Vec<Figure>,
}

impl Figures {
    /// The cheapest answer that the server gives.
    pub fn floor(&mut self, sample: Sample) {
        self.push("/health", None, sample.clone());
        self.floor = Some(sample);
    }

    /// Adds a figure.
    pub fn push(&mut self, what: &str, target: Option<Duration>, sample: Sample) {
        let (median, worst) = (sample.median(), sample.worst());
        eprintln!("{what}: {median:.1?}, at worst {worst:.1?}");
        self.all.push(Figure { what: what.to_owned(), target, sample });
    }

    /// For programs; times in milliseconds.
    pub fn json(&self) -> Value {
        let of = |figure: &Figure| {
            json!({
                "what": figure.what,
                "runs": figure.sample.0.len(),
                "median_ms": milliseconds(figure.sample.median()),
                "worst_ms": milliseconds(figure.sample.worst()),
                "target_ms": figure.target.map(milliseconds),
                "of_target": figure.target.map(|target| ratio(figure.sample.median(), target)),
            })
        };
        Value::Array(self.all.iter().map(of).collect())
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| What | Runs | Median ms | Worst ms | × /health | Target ms | Of the target |")?;
        writeln!(f, "|---|---:|---:|---:|---:|---:|---:|")?;
        for Figure { what, target, sample } in &self.all {
            let (median, worst) = (milliseconds(sample.median()), milliseconds(sample.worst()));
            let page = target.is_some_and(|target| target == Duration::from_millis(100));
            let floor = self.floor.as_ref().filter(|_| page).map(|floor| ratio(sample.median(), floor.median()));
            let floor = floor.map_or(String::new(), |floor| format!("{floor:.1}"));
            let (limit, part) = target.map_or((String::new(), String::new()), |target| {
                (format!("{:.0}", milliseconds(target)), format!("{:.2}", ratio(sample.median(), target)))
            });
            writeln!(f, "| {what} | {} | {median:.1} | {worst:.1} | {floor} | {limit} | {part} |", sample.0.len())?;
        }
        Ok(())
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn ratio(time: Duration, of: Duration) -> f64 {
    time.as_secs_f64() / of.as_secs_f64().max(1e-9)
}
