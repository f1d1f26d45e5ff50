//! The story: a developer, a support agent, a joiner, a leaver, and a grant by hand.

use rolecall_engine::postgres::probe::probe;

use super::servers::Servers;
use super::stage::Expect::{Answer, Refusal};
use super::stage::{apply, as_person, by_hand, chapter, show};
use crate::Outcome;
use crate::args::{PolicyPath, Selection, Verify};

const SHOP: &str = include_str!("shop.sql");

/// Tells it, on real servers.
pub async fn tell(servers: &Servers) -> anyhow::Result<()> {
    shop(servers).await?;
    chapter(
        "1. One policy for both environments",
        "Alice and Carol are developers: they read analytics in production and write in staging.\n\
         Bob is in support: he sees customer 42 and nobody's card number.",
    );
    apply(servers, None, true).await?;
    developer(servers).await?;
    support(servers).await?;
    joiner(servers).await?;
    leaver(servers).await?;
    hand_made(servers).await?;
    chapter("7. Proof", "PostgreSQL itself is asked whether everybody may do exactly what the policy means.");
    let verify = Verify {
        policy: PolicyPath { policy: servers.policy() },
        selection: Selection { environment: None, server: None },
        limit: 1_000_000,
        json: false,
        ledger: crate::args::Ledger { no_ledger: true, ..Default::default() },
    };
    match crate::commands::verify::run(&verify).await? {
        Outcome::Done => Ok(()),
        _ => anyhow::bail!("PostgreSQL disagrees with the policy; please report it"),
    }
}

async fn shop(servers: &Servers) -> anyhow::Result<()> {
    for environment in ["production", "staging"] {
        let mut conn = servers.target(environment, "postgres", "postgres")?.open(None).await?;
        probe(&mut conn, "CREATE ROLE app_owner NOLOGIN").await?;
        probe(&mut conn, "CREATE DATABASE app OWNER app_owner").await?;
        let mut conn = servers.target(environment, "app", "postgres")?.open(None).await?;
        probe(&mut conn, SHOP).await?;
    }
    println!(
        "Each has a database `app` with a small shop: customers, tickets, orders, payments with card numbers, analytics."
    );
    Ok(())
}

async fn developer(servers: &Servers) -> anyhow::Result<()> {
    chapter("2. The developer", "Alice has one account of her own in each environment.");
    let figures = "SELECT count(*) AS days, sum(revenue) AS revenue FROM analytics.daily_sales";
    as_person(servers, "alice", "production", figures, Answer).await?;
    as_person(servers, "alice", "production", "SELECT * FROM shop.customers", Refusal).await?;
    as_person(servers, "alice", "staging", "UPDATE shop.orders SET amount = 1 WHERE id = 1", Answer).await
}

async fn support(servers: &Servers) -> anyhow::Result<()> {
    chapter("3. The support agent", "Columns and rows are held back by the database, not by an application.");
    as_person(servers, "bob", "production", "SELECT id, name, plan FROM shop.customers", Answer).await?;
    as_person(servers, "bob", "production", "SELECT email FROM shop.customers", Refusal).await?;
    as_person(servers, "bob", "production", "SELECT DISTINCT customer_id FROM shop.tickets", Answer).await?;
    as_person(servers, "bob", "production", "UPDATE shop.tickets SET status = 'closed'", Answer).await?;
    as_person(servers, "bob", "production", "SELECT card_number FROM shop.payments", Refusal).await
}

async fn joiner(servers: &Servers) -> anyhow::Result<()> {
    chapter(
        "4. The new joiner",
        "One line in the policy: `dave@acme.test: { groups: [developers] }`. This time with the SQL.",
    );
    servers.write_policy(&with_dave(servers.first_policy()))?;
    apply(servers, None, false).await?;
    as_person(servers, "dave", "production", "SELECT count(*) AS days FROM analytics.daily_sales", Answer).await
}

async fn leaver(servers: &Servers) -> anyhow::Result<()> {
    chapter("5. The leaver", "Carol goes. She has a session open, and somebody once made her the owner of a table.");
    by_hand(servers, "production", "CREATE TABLE shop.report AS SELECT 1 AS figure").await?;
    by_hand(servers, "production", "ALTER TABLE shop.report OWNER TO carol").await?;
    let mut session = servers.target("production", "app", "carol")?.open(None).await?;
    let figures = "SELECT count(*) AS days FROM analytics.daily_sales";
    show("carol", "production", figures, &probe(&mut session, figures).await);
    servers.write_policy(&without_carol(&with_dave(servers.first_policy())))?;
    apply(servers, None, true).await?;
    println!("  Carol's session, still open on her side, asks again:");
    let again = probe(&mut session, figures).await;
    show("carol", "production", figures, &again);
    anyhow::ensure!(again.is_err(), "Carol's session should be over; please report it");
    let owner = "SELECT tableowner FROM pg_catalog.pg_tables WHERE tablename = 'report'";
    as_person(servers, "postgres", "production", owner, Answer).await
}

async fn hand_made(servers: &Servers) -> anyhow::Result<()> {
    chapter("6. The grant at three in the morning", "Somebody gives Bob the payments, by hand.");
    by_hand(servers, "production", "GRANT USAGE ON SCHEMA shop TO bob").await?;
    by_hand(servers, "production", "GRANT SELECT ON shop.payments TO bob").await?;
    as_person(servers, "bob", "production", "SELECT count(*) AS cards FROM shop.payments", Answer).await?;
    apply(servers, Some("production"), false).await?;
    as_person(servers, "bob", "production", "SELECT count(*) AS cards FROM shop.payments", Refusal).await
}

fn with_dave(policy: &str) -> String {
    format!("{policy}  dave@acme.test: {{ groups: [developers] }}\n")
}

fn without_carol(policy: &str) -> String {
    policy.lines().filter(|line| !line.contains("carol@acme.test")).map(|line| format!("{line}\n")).collect()
}
