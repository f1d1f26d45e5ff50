//! The numbers of one moment, in Prometheus' names.

use jiff::Timestamp;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use rolecall_control::keeper::Status;
use rolecall_control::measure::Measured;
use rolecall_control::store::Reach;

use super::live::{Labels, Live};

type Gauges = Family<Labels, Gauge>;
type Counters = Family<Labels, Counter>;

/// All of them, ready to be written.
pub fn registry(live: &Live, measured: &Measured) -> Registry {
    let mut registry = Registry::with_prefix("rolecall");
    let version = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("build", "The version that runs", version);
    servers(&mut registry, measured);
    access(&mut registry, measured);
    let behind = Gauge::<i64>::default();
    behind.set(measured.behind.as_secs());
    let help = "How far the machine's clock is behind what was decided for; over 60, nothing is opened";
    registry.register_with_unit("clock_behind", help, Unit::Seconds, behind);
    webhooks(&mut registry, measured);
    ledger(&mut registry, measured);
    live.register(&mut registry);
    registry
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: i64) {
    let gauge: Gauge = Gauge::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

fn servers(registry: &mut Registry, measured: &Measured) {
    let (up, looked, answered, drift, waiting, stopped) = (
        Gauges::default(),
        Gauges::default(),
        Gauges::default(),
        Gauges::default(),
        Gauges::default(),
        Gauges::default(),
    );
    for status in &measured.servers {
        let labels = place(status);
        let set = |gauges: &Gauges, value: i64| _ = gauges.get_or_create(&labels).set(value);
        // What was not asked yet is neither up nor down.
        if status.answered.is_some() || status.trouble.is_some() {
            set(&up, i64::from(status.trouble.is_none()));
        }
        status.looked.into_iter().for_each(|time| set(&looked, time.as_second()));
        status.answered.into_iter().for_each(|time| set(&answered, time.as_second()));
        let steps = status.waiting.as_ref().map_or(0, |waiting| waiting.plan.steps.len());
        let drifted = status.waiting.as_ref().is_some_and(|waiting| waiting.drifted);
        set(&drift, i64::from(drifted));
        set(&waiting, if drifted { 0 } else { whole(steps as u64) });
        set(&stopped, i64::from(status.waiting.as_ref().is_some_and(|waiting| waiting.stopped.is_some())));
    }
    registry.register("server_up", "1: the server answered when it was asked last; 0: it did not", up);
    registry.register("server_drift", "1: somebody has changed the server since the policy was applied", drift);
    registry.register("server_changes_waiting", "Changes of the policy that were not applied yet", waiting);
    registry.register("server_apply_stopped", "1: what waits needs somebody before it can be applied", stopped);
    let unit = |name: &str, help: &str, gauges, registry: &mut Registry| {
        registry.register_with_unit(name, help, Unit::Seconds, gauges);
    };
    unit("server_last_look_timestamp", "When the whole server was last looked at, since 1970", looked, registry);
    unit("server_last_answer_timestamp", "When the server last answered, since 1970", answered, registry);
}

fn access(registry: &mut Registry, measured: &Measured) {
    let (leases, overdue, pending) = (Gauges::default(), Gauges::default(), Gauges::default());
    let environments: std::collections::BTreeSet<&str> =
        measured.servers.iter().map(|status| status.place.environment.as_str()).collect();
    let set = |gauges: &Gauges, labels: Labels, value: i64| _ = gauges.get_or_create(&labels).set(value);
    for environment in environments {
        let name = || ("environment", environment.to_owned());
        for reach in [Reach::Opening, Reach::Open, Reach::Closing, Reach::Overdue] {
            let count = measured.leases.get(&(environment.to_owned(), reach)).copied().unwrap_or_default();
            set(&leases, vec![name(), ("state", reach.word().to_owned())], whole(count));
        }
        let since = measured.overdue.get(environment).map_or(0, |since| age(measured.now, *since));
        set(&overdue, vec![name()], since);
        set(&pending, vec![name()], whole(measured.pending.get(environment).copied().unwrap_or_default()));
    }
    registry.register("leases", "Leases by state; overdue: over, and a server did not let it be taken back", leases);
    registry.register_with_unit(
        "lease_overdue",
        "For how long the lease that is overdue for longest is",
        Unit::Seconds,
        overdue,
    );
    registry.register("requests_pending", "Requests that wait for a decision", pending);
    gauge(
        registry,
        "break_glass_unreviewed",
        "Accesses taken in an emergency that nobody has looked at",
        whole(measured.unreviewed),
    );
}

fn webhooks(registry: &mut Registry, measured: &Measured) {
    let (taken, failed, waiting) = (Counters::default(), Counters::default(), Gauges::default());
    for (name, (told, messages)) in &measured.webhooks {
        let labels = vec![("webhook", name.clone())];
        taken.get_or_create(&labels).inc_by(told.taken);
        failed.get_or_create(&labels).inc_by(told.failed);
        waiting.get_or_create(&labels).set(whole(*messages));
    }
    registry.register("webhook_deliveries", "Messages that were taken", taken);
    registry.register("webhook_failures", "Tries to deliver a message that failed", failed);
    registry.register("webhook_messages_waiting", "Messages that were not taken yet", waiting);
}

fn ledger(registry: &mut Registry, measured: &Measured) {
    let kinds = Counters::default();
    for (kind, count) in &measured.entries {
        kinds.get_or_create(&vec![("kind", kind.clone())]).inc_by(*count);
    }
    registry.register("ledger_entries", "Entries of the ledger, by what happened, since it was begun", kinds);
    registry.register_with_unit("store_size", "The store", Unit::Bytes, {
        let gauge: Gauge = Gauge::default();
        gauge.set(whole(measured.bytes));
        gauge
    });
    gauge(registry, "policy_version", "The policy in force, counted from 1", whole(measured.policy));
    let refused = "1: the policy's files have problems, and the last good policy is in force";
    gauge(registry, "policy_refused", refused, i64::from(measured.refused));
}

fn place(status: &Status) -> Labels {
    vec![("environment", status.place.environment.clone()), ("server", status.place.server.clone())]
}

fn age(now: Timestamp, since: Timestamp) -> i64 {
    now.duration_since(since).as_secs().max(0)
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
