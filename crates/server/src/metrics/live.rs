//! What is counted while it happens, from the start of this process on.

use std::time::Duration;

use axum::http::Method;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use rolecall_control::measure::Ended;

/// A label's name and value.
pub type Labels = Vec<(&'static str, String)>;

/// Histograms with these upper bounds, in seconds.
#[derive(Debug, Clone)]
pub struct Seconds(&'static [f64]);

impl MetricConstructor<Histogram> for Seconds {
    fn new_metric(&self) -> Histogram {
        Histogram::new(self.0.iter().copied())
    }
}

const ANSWERS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0];
const APPLIES: &[f64] = &[0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0, 600.0];

/// The counters of this process.
pub struct Live {
    answers: Family<Labels, Counter>,
    durations: Family<Labels, Histogram, Seconds>,
    applies: Family<Labels, Counter>,
    took: Family<Labels, Histogram, Seconds>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            answers: Family::default(),
            durations: Family::new_with_constructor(Seconds(ANSWERS)),
            applies: Family::default(),
            took: Family::new_with_constructor(Seconds(APPLIES)),
        }
    }
}

impl Live {
    /// A request was answered. `route` is the pattern, never the address, which can hold names.
    pub fn answered(&self, method: &Method, route: &str, status: u16, took: Duration) {
        // A method is the client's to choose: it must not make series without end.
        let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        let method = known.into_iter().find(|known| *known == method.as_str()).unwrap_or("other");
        let route = vec![("method", method.to_owned()), ("route", route.to_owned())];
        self.durations.get_or_create(&route).observe(took.as_secs_f64());
        let labels = route.into_iter().chain([("status", status.to_string())]).collect();
        self.answers.get_or_create(&labels).inc();
    }

    /// Applies have ended.
    pub fn ended(&self, ended: &[Ended]) {
        for apply in ended {
            let place =
                || vec![("environment", apply.place.environment.clone()), ("server", apply.place.server.clone())];
            if let Some(took) = apply.took {
                self.took.get_or_create(&place()).observe(took.as_secs_f64());
            }
            let labels = place().into_iter().chain([("outcome", apply.outcome.to_owned())]).collect();
            self.applies.get_or_create(&labels).inc();
        }
    }

    pub fn register(&self, registry: &mut Registry) {
        registry.register("http_requests", "Requests that were answered, by route and status", self.answers.clone());
        registry.register_with_unit(
            "http_request_duration",
            "How long answers took until they began",
            Unit::Seconds,
            self.durations.clone(),
        );
        registry.register(
            "applies",
            "Applies that ended while somebody read these numbers; proved is the good outcome",
            self.applies.clone(),
        );
        registry.register_with_unit(
            "apply_duration",
            "How long applies took, from their first entry in the ledger to their last",
            Unit::Seconds,
            self.took.clone(),
        );
    }
}
