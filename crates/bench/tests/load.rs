//! The load bench at a size that takes seconds: it fills, starts, measures and ends, and says so in figures.

use std::process::Command;

#[test]
fn a_small_load_is_measured_from_start_to_end() {
    let sizes = ["--people", "200", "--leases", "20", "--past", "50", "--entries", "2000", "--tables", "20"];
    let mut bench = Command::new(env!("CARGO_BIN_EXE_load"));
    let output = bench.args(sizes).args(["--repeat", "2", "--journeys", "1", "--json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let figures: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let named = |name: &str| figures.as_array().unwrap().iter().find(|figure| figure["what"] == name).cloned();
    for name in ["start-up", "overview", "ledger, the middle", "approval to working access", "/metrics"] {
        let figure = named(name).unwrap_or_default();
        assert!(figure["median_ms"].as_f64().unwrap_or_default() > 0.0, "{name}: {figures}");
        assert!(figure["of_target"].as_f64().is_some(), "{name} has a target: {figure}");
    }
    assert_eq!(named("lease end to proved revocation").unwrap()["runs"], 1);
}
