//! The commands that ask a server: a request's life from the command line, and what is said when it does not work.

#![expect(clippy::unwrap_used, reason = "a test's own processes")]

use std::io::BufRead;

use crate::serve::Serving;
use crate::stage::{Ran, Stage};
use rolecall_throwaway::Options;

const POLICY: &str = r#"rolecall: { administrators: [ada@acme.test], approvers: [lea@acme.test] }
environments:
  test:
    rules: { reason_pattern: 'T-[0-9]+', max_duration: 8h }
    servers:
      main: { engine: postgres, url: "${URL}", databases: [app] }
    known: [app_owner]
roles:
  reader: { grants: [{ database: app, allow: [select], on: "shop.*" }] }
groups:
  agents: { may_request: { test: [reader] } }
people:
  ada@acme.test: {}
  bob@acme.test: { groups: [agents] }
  lea@acme.test: {}
"#;

struct Office {
    stage: Stage,
    serving: Serving,
}

impl Office {
    fn new() -> Self {
        Self::at(Stage::new())
    }

    fn at(stage: Stage) -> Self {
        stage.write("rolecall.yaml", POLICY);
        stage.run(&["apply", "--yes"]).says(0, &["Applied"]);
        Self::on(stage)
    }

    fn on(stage: Stage) -> Self {
        let serving = Serving::start(&stage);
        for (who, scopes) in [("ada", "administer"), ("bob", "request"), ("lea", "decide")] {
            let of = format!("{who}@acme.test");
            let made = stage.run(&["token", "make", &of, "--scope", "read", "--scope", scopes]);
            made.says(0, &["shown once", "rolecall_"]);
            stage.write(&format!("{who}.token"), &made.out);
        }
        Self { stage, serving }
    }

    /// Somebody's command.
    fn run(&self, who: &str, words: &[&str]) -> Ran {
        let (server, file) = (format!("http://{}", self.serving.address), format!("{who}.token"));
        self.stage.run(&[words, &["--server", &server, "--token-file", &file]].concat())
    }

    fn until(&self, who: &str, words: &[&str], wanted: &str) {
        let begun = std::time::Instant::now();
        while !self.run(who, words).out.contains(wanted) {
            assert!(begun.elapsed().as_secs() < 20, "{wanted} does not come: {}", self.run(who, words).out);
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }
}

fn number(ran: &Ran) -> String {
    ran.out.split_whitespace().find(|word| word.parse::<u64>().is_ok()).unwrap().to_owned()
}

#[test]
fn asked_agreed_working_and_ended_from_the_command_line() {
    let office = Office::new();
    let ask = ["request", "reader", "--environment", "test", "--until", "1h", "--reason", "T-9"];
    let filed = office.run("bob", &ask);
    filed.says(0, &["Asked", "reader in test", "for 1h", "T-9"]);
    let id = number(&filed);
    office.run("lea", &["requests"]).says(0, &[&id, "pending", "bob@acme.test"]);
    office.run("bob", &["approve", &id, "--yes"]).fails(&["somebody else must do this"]);
    office.run("lea", &["approve", &id]).fails(&["give --yes"]);
    office.run("lea", &["approve", &id, "--yes"]).says(0, &["bob@acme.test gains", "Granted"]);
    office.run("lea", &["approve", &id, "--yes"]).fails(&["was granted already"]);
    // The Keeper has it carried out by itself.
    office.until("bob", &["leases"], "  open  ");
    let url = office.stage.server.url("app", "bob");
    assert_eq!(office.stage.sql_at(&url, "SELECT count(*) FROM shop.orders").unwrap(), "0");
    office.run("bob", &ask).fails(&["runs already", "--extends"]);
    office.run("bob", &["end", &id]).says(0, &[&id]);
    office.until("bob", &["leases", "--state", "all"], "closed");
    assert!(office.stage.sql_at(&url, "SELECT count(*) FROM shop.orders").is_err());
    // What goes wrong says what to do.
    office.run("bob", &["withdraw", "999999"]).fails(&["no request 999999", "rolecall requests"]);
    office.run("bob", &["request", "reader", "-e", "test", "--until", "9h", "--reason", "T-9"]).fails(&["at most"]);
    office.run("bob", &["request", "reader", "-e", "test", "--until", "1h"]).fails(&["--reason TEXT"]);
    let filed = office.run("bob", &[ask.as_slice(), &["--json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&filed.out).unwrap();
    office.run("lea", &["deny", &json["id"].to_string(), "--reason", "no"]).says(0, &["denied"]);
    office.run("ada", &["suspend", "bob@acme.test", "--reason", "T-1"]).says(0, &["is suspended"]);
    office.run("bob", &["requests"]).fails(&["not in the policy, or suspended"]);
    office.run("ada", &["reinstate", "bob@acme.test"]).says(0, &[]);
    let token = office.stage.read("bob.token");
    let (_, log) = office.serving.stop();
    assert!(!log.contains(token.trim()) && !log.contains("T-9") && !log.contains("acme"), "{log}");
}

/// What is given while a server is down is not given there, and everybody who asks is told.
#[test]
fn a_server_that_is_down_is_named_wherever_the_access_is() {
    let stage = Stage::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    stage.write("reports.url", &format!("postgres://postgres@127.0.0.1:{port}/postgres"));
    let reports = format!(
        "      reports: {{ engine: postgres, url: \"${{file:{}}}\", databases: [app] }}",
        stage.path("reports.url").display()
    );
    stage.write("rolecall.yaml", &POLICY.replace("    known:", &format!("{reports}\n    known:")));
    stage.run(&["apply", "--yes"]).fails(&["test · reports", "cannot connect"]);
    let office = Office::on(stage);
    let filed = office.run("bob", &["request", "reader", "-e", "test", "--until", "1h", "--reason", "T-9"]);
    let approved = office.run("lea", &["approve", &number(&filed), "--yes"]);
    approved.says(0, &["reports did not answer, so this gives nothing there", "Granted"]);
    office.until("bob", &["leases"], "open  bob@acme.test  reader in test, not on reports, until ");
}

#[test]
fn tokens_from_the_command_line() {
    let office = Office::new();
    let list = office.run("bob", &["token", "list"]);
    list.says(0, &["bob@acme.test", "read,request"]).never("lea@acme.test");
    office.stage.run(&["token", "list"]).says(0, &["(operator)", "lea@acme.test"]);
    let id = list.out.split_whitespace().next().unwrap();
    office.stage.run(&["token", "revoke", id]).says(0, &["is revoked"]);
    office.run("bob", &["requests"]).fails(&["was revoked", "rolecall token make"]);
    let made = office.run("ada", &["token", "make", "--scope", "read", "--days", "1", "--json"]);
    assert!(made.says(0, &["ada@acme.test"]).out.contains("secret"));
    office.run("ada", &["token", "make", "lea@acme.test", "--scope", "read"]).fails(&["made by the operator"]);
}

#[test]
fn a_server_that_is_none_and_a_token_that_is_none() {
    let stage = Stage::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = format!("http://127.0.0.1:{port}");
    stage.write("token", "rolecall_x\n");
    stage.write("empty", "");
    stage.run(&["requests"]).fails(&["ROLECALL_SERVER"]);
    stage.run(&["requests", "--server", &nobody]).fails(&["ROLECALL_TOKEN"]);
    stage.run(&["requests", "--server", &nobody, "--token-file", "empty"]).fails(&["no token of Rolecall"]);
    stage.run(&["requests", "--server", &nobody, "--token-file", "token"]).fails(&["does not answer"]);
    stage.run(&["requests", "--server", "http://rolecall.acme.test", "--token-file", "token"]).fails(&["use https://"]);
    stage
        .run(&["requests", "--server", "http://127.0.0.1.acme.test", "--token-file", "token"])
        .fails(&["use https://"]);
}

#[test]
fn connects_with_a_password_that_nobody_else_sees() {
    let office = Office::new();
    // Bob has an account once he has something to connect to.
    let filed = office.run("bob", &["request", "reader", "-e", "test", "--until", "1h", "--reason", "T-9"]);
    office.run("lea", &["approve", &number(&filed), "--yes"]).says(0, &["Granted"]);
    office.until("bob", &["leases"], "  open  ");
    let printed = office.run("bob", &["connect", "test/app", "--for", "30m", "--print", "url"]);
    printed.says(0, &["shown once", "postgresql://bob:", "/app?"]);
    assert_eq!(office.stage.sql_at(printed.out.trim(), "SELECT current_user").unwrap(), "bob");
    let password = printed.out.split_once("bob:").unwrap().1.split_once('@').unwrap().0.to_owned();
    let sql = "SELECT rolpassword LIKE 'SCRAM-SHA-256$%', rolvaliduntil < now() + interval '31 min' FROM pg_authid \
               WHERE rolname = 'bob'";
    assert_eq!(office.stage.sql("postgres", sql), "t | t");
    // What psql is given on its command line is what everybody on the machine can read.
    let psql = office.stage.path("psql");
    std::fs::write(&psql, "#!/bin/sh\necho \"argv: $*\"; echo \"$PGUSER $PGDATABASE ${#PGPASSWORD}\"\n").unwrap();
    std::fs::set_permissions(&psql, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", office.stage.folder.path().display(), std::env::var("PATH").unwrap());
    let server = format!("http://{}", office.serving.address);
    let words = ["connect", "test/app", "--server", &server, "--token-file", "bob.token", "--", "-c", "SELECT 1"];
    let mut command = crate::stage::bare(&words);
    let opened = crate::stage::ran(command.current_dir(office.stage.folder.path()).env("PATH", path));
    opened.says(0, &["argv: -c SELECT 1\n", &format!("bob app {}", password.len())]);
    // Nobody but its holder.
    office.run("ada", &["connect", "test/app", "--of", "bob@acme.test"]).fails(&["being the account's holder"]);
    office.run("lea", &["connect", "test/app"]).fails(&["scope request"]);
    office.run("bob", &["connect", "test/none"]).fails(&["no server"]);
    office.run("bob", &["connect", "test/app", "--for", "9999d"]).fails(&["at most"]);
    office.run("bob", &["connect", "app"]).fails(&["ENVIRONMENT/DATABASE"]);
    office.stage.run(&["audit", "log", "--json", "--limit", "500"]).says(0, &["credential_minted"]).never(&password);
    let (_, log) = office.serving.stop();
    assert!(!log.contains(&password), "{log}");
}

#[test]
fn a_server_that_demands_scram_lets_in_whom_connect_gave_a_password_and_no_longer() {
    let hba = "local all postgres trust\nlocal all all scram-sha-256\n";
    let office = Office::at(Stage::with(&Options::new().hba(hba)));
    let ask = || {
        let filed = office.run("bob", &["request", "reader", "-e", "test", "--until", "1h", "--reason", "T-9"]);
        office.run("lea", &["approve", &number(&filed), "--yes"]).says(0, &["Granted"]);
        office.until("bob", &["leases"], "  open  ");
        number(&filed)
    };
    let url = |lasts: &str| {
        let printed = office.run("bob", &["connect", "test/app", "--for", lasts, "--print", "url"]);
        printed.says(0, &["shown once"]).out.trim().to_owned()
    };
    let enter = |url: &str| office.stage.sql_at(url, "SELECT current_user || count(*) FROM shop.orders");
    ask();
    assert!(enter(&office.stage.server.url("app", "bob")).is_err(), "without a password nobody gets in");
    // It ends by itself, though the lease goes on.
    let first = url("5s");
    assert_eq!(enter(&first).unwrap(), "bob0");
    let begun = std::time::Instant::now();
    while enter(&first).is_ok() {
        assert!(begun.elapsed().as_secs() < 20, "the password has not ended");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    // A new one ends with the lease, at once.
    let second = url("30m");
    assert_eq!(enter(&second).unwrap(), "bob0");
    assert!(enter(&first).is_err(), "the old one is gone");
    let leases = office.run("bob", &["leases"]);
    office.run("bob", &["end", &number(&leases)]).says(0, &[]);
    office.until("bob", &["leases", "--state", "all"], "closed");
    assert!(enter(&second).is_err());
    // Who gets the account again does not get the password with it.
    ask();
    assert!(enter(&second).is_err());
}

/// An auditor has a token, and not the store.
#[test]
fn the_ledger_over_the_network() {
    let office = Office::new();
    office.run("bob", &["request", "reader", "-e", "test", "--until", "1h", "--reason", "T-9"]).says(0, &["Asked"]);
    let until = jiff::Timestamp::now().to_string();
    for filter in [
        &["--kind", "request_filed", "--subject", "bob@acme.test"][..],
        &["--environment", "test", "--kind", "apply_finished"],
        &["--actor", "bob@acme.test", "--since", "1d"],
        &["--text", "T-9"],
        &["--limit", "2", "--until", &until],
    ] {
        let words = [&["audit", "log", "--json"], filter].concat();
        let over = office.run("ada", &words);
        let here = office.stage.run(&words);
        assert!(here.out.contains('{'), "{words:?}");
        assert_eq!(over.out, here.out, "{words:?}");
    }
    office.run("ada", &["audit", "log", "--story", "0"]).says(0, &["store_made"]);
    let filed = office.run("ada", &["audit", "log", "--kind", "request_filed"]);
    filed.says(0, &["bob@acme.test (token t", ") asks for reader in test"]);
    office.run("bob", &["audit", "log"]).fails(&["an auditor's"]);
    office.run("ada", &["audit", "export", "--out", "copy.jsonl"]).says(0, &[]);
    // A refusal leaves the copy that was there as it was.
    office.run("bob", &["audit", "export", "--out", "copy.jsonl"]).fails(&["an auditor's"]);
    office.stage.write("ledger.pub", &office.stage.run(&["audit", "key"]).out);
    office.stage.run(&["audit", "verify", "copy.jsonl", "--key", "ledger.pub"]).says(0, &["entries"]);
    office.run("ada", &["audit", "export", "--format", "csv"]).says(0, &["request_filed", "T-9"]);
    office.run("ada", &["audit", "export", "--format", "tiles", "--out", "tiles"]).fails(&["--format jsonl"]);
    office.run("bob", &["audit", "export"]).fails(&["an auditor's"]);
    // What cannot be read to its end is no copy.
    office.stage.sqlite(&office.stage.path("store.db"), "UPDATE entry SET data = '{' WHERE id = 2");
    office.run("ada", &["audit", "export", "--format", "csv", "--out", "cut.csv"]).fails(&["broke off"]);
}

/// More entries than one answer has, and those that come while somebody looks on.
#[test]
fn the_ledger_is_followed_over_the_network() {
    let office = Office::new();
    let server = format!("http://{}", office.serving.address);
    let made = ["audit", "log", "--json", "--kind", "token_made", "--limit", "105"];
    let follow = ["--follow", "--server", &server, "--token-file", "ada.token"];
    let mut onlooker = office.stage.start(&[&made[..], &follow].concat());
    for _ in 0..110 {
        office.run("ada", &["token", "make", "--scope", "read", "--days", "1"]).says(0, &["shown once"]);
    }
    let (over, here) = (office.run("ada", &made), office.stage.run(&made));
    assert_eq!(over.out.lines().count(), 105);
    assert_eq!(over.out, here.out);
    let newest = here.out.lines().last().unwrap();
    let mut seen = std::io::BufReader::new(onlooker.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(seen.any(|line| line == newest));
    onlooker.kill().unwrap();
    onlooker.wait().unwrap();
}
