//! What people come for, without JavaScript.

use rolecall_server::Config;

use crate::company::{Company, HOSTILE, LONG};
use crate::visitor::Visitor;

const NEW: &str = "/requests/new?environment=production&role=support";

async fn filed(company: &Company) -> String {
    let mut bob = company.visit("bob@acme.test").await;
    let fields = [
        ("environment", "production"),
        ("role", "support"),
        ("for", "bob@acme.test"),
        ("with.customer", "42"),
        ("length", "3600"),
        ("reason", "T-9 <script>alert(4)</script>"),
        ("how", "ask"),
    ];
    let answer = bob.submit(NEW, "/requests", &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.header("location").split('?').next().unwrap().to_owned()
}

/// Waits until what was granted is on the server.
async fn open(visitor: &mut Visitor, page: &str) {
    let mut shown = String::new();
    for _ in 0..600 {
        shown = visitor.get(page).await.body;
        if shown.contains("badge good\">open<") {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("it does not open: {shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asked_agreed_working_and_ended() {
    let company = Company::new().await;
    let page = filed(&company).await;
    let (mut bob, mut lea) = (company.visit("bob@acme.test").await, company.visit("lea@acme.test").await);
    bob.get("/").await.has("Request ").has("waiting");
    let own = bob.get(&page).await;
    own.has("T-9 &lt;script&gt;").has("customer = 42").has_not(">Approve</button>").has_not("<script>alert");
    own.has("May decide").has("lea@acme.test");

    lea.get("/").await.has("Look at request").has("bob@acme.test");
    let shown = lea.get(&page).await;
    let digest = shown.hidden("digest").to_owned();
    shown.has("bob@acme.test").has(">Approve</button>").has_not("lease 0");
    let approved = lea.follow(&page, &format!("{page}/approve"), &[("digest", &digest)]).await;
    approved.has("You have approved this.").has("granted");
    open(&mut bob, &page).await;
    bob.get("/people/bob@acme.test").await.has("customer = 42").has("By <a href=\"/requests/");

    let lease = page.replace("/requests/", "/leases/");
    bob.follow(&page, &format!("{lease}/end"), &[]).await.has("The access is over.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_that_is_shown_is_the_end_that_was_asked_for() {
    let company = Company::new().await;
    let (first, mut lea) = (filed(&company).await, company.visit("lea@acme.test").await);
    let digest = lea.get(&first).await.hidden("digest").to_owned();
    lea.follow(&first, &format!("{first}/approve"), &[("digest", &digest)]).await.has("granted");
    let mut bob = company.visit("bob@acme.test").await;
    open(&mut bob, &first).await;
    let fields = [
        ("environment", "production"),
        ("role", "support"),
        ("with.customer", "43"),
        ("length", "7200"),
        ("reason", "T-9"),
    ];
    let second = bob.submit(NEW, "/requests", &fields).await.header("location").to_owned();
    let shown = lea.get(&second).await.body;
    // Whoever holds the Role already gains rows of it: their end is told.
    let from = shown.find("values, until ").unwrap_or_else(|| panic!("{shown}")) + "values, until ".len();
    let end: jiff::Timestamp = shown[from..].split('<').next().unwrap().parse().unwrap();
    let apart = end.as_second() - jiff::Timestamp::now().as_second() - 7_200;
    assert!(apart.abs() < 120 && end.subsec_nanosecond() == 0, "{end}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost() {
    let company = Company::new().await;
    let mut bob = company.visit("bob@acme.test").await;
    let good = [
        ("environment", "production"),
        ("role", "support"),
        ("with.customer", "42"),
        ("length", "3600"),
        ("reason", "T-9"),
    ];
    for (name, value, id, words) in [
        ("reason", "because", "reason-wrong", "must contain what fits T-[0-9]+"),
        ("with.customer", "many", "with.customer-wrong", "no value for the parameter customer"),
        ("with.customer", "", "with.customer-wrong", "needs a value"),
        ("length", "864000", "length-wrong", "may last"),
    ] {
        let fields = good.map(|(field, text)| (field, if field == name { value } else { text }));
        let answer = bob.submit(NEW, "/requests", &fields).await;
        assert_eq!(answer.status, 422);
        let from = answer.body.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("{id}: {}", answer.body));
        assert!(
            answer.body[from..].split("</div>").next().unwrap().contains(words),
            "{}",
            &answer.body[from..from + 300]
        );
        answer.has("aria-invalid=\"true\"");
    }
    assert!(bob.get("/requests").await.body.contains("No request waits."));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_glass_is_broken_and_somebody_looks() {
    let company = Company::new().await;
    let mut bob = company.visit("bob@acme.test").await;
    let fields = [
        ("environment", "production"),
        ("role", "support"),
        ("with.customer", "42"),
        ("length", "3600"),
        ("reason", "T-1"),
        ("how", "break-glass"),
    ];
    let answer = bob.submit(NEW, "/requests", &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let page = answer.header("location").split('?').next().unwrap().to_owned();
    let mut ada = company.visit("ada@acme.test").await;
    ada.get("/").await.has("Review request").has("break-glass");
    bob.get(&page).await.has_not(">Justified</button>");
    let review = format!("{page}/review");
    let reviewed = ada.follow(&page, &review, &[("justified", "no"), ("note", "was no emergency")]).await;
    reviewed.has("Your review is noted.").has("not justified").has("was no emergency");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drift_is_shown_and_applied_as_it_was_shown() {
    let company = Company::new().await;
    company.by_hand("CREATE ROLE mallory LOGIN; GRANT SELECT ON shop.orders TO support").await;
    company
        .until("drift", |company| {
            let statuses = company.keeper.statuses();
            statuses.iter().any(|status| status.waiting.as_ref().is_some_and(|waiting| waiting.drifted)).then_some(())
        })
        .await;
    let (mut ada, mut olaf) = (company.visit("ada@acme.test").await, company.visit("olaf@acme.test").await);
    let object = "/objects?environment=production&database=app&object=table+shop.orders";
    let seen = olaf.get(object).await;
    seen.has("The policy gives it to nobody.").has_not("mallory");
    let page = "/environments/production/main";
    ada.get("/").await.has("drift").has("shop.orders");
    olaf.get(page).await.has("shop.orders").has_not("/apply\"");
    let digest = ada.get(page).await.hidden("digest").to_owned();
    let stale = ada.submit(page, &format!("{page}/apply"), &[("digest", "sha256:other")]).await;
    assert_eq!(stale.status, 409, "{}", stale.body);
    ada.follow(page, &format!("{page}/apply"), &[("digest", &digest)]).await.has("Applied.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspended_and_let_back_in() {
    let company = Company::new().await;
    let (mut ada, mut bob) = (company.visit("ada@acme.test").await, company.visit("bob@acme.test").await);
    let page = "/people/bob@acme.test";
    let out = ada.follow(page, &format!("{page}/suspend"), &[("reason", "lost laptop")]).await;
    out.has("Suspended.").has("badge bad\">suspended<");
    assert_eq!(bob.get("/").await.status, 403);
    ada.follow(page, &format!("{page}/reinstate"), &[("reason", "found it")]).await.has("They may come back in.");
    assert_eq!(bob.get("/").await.status, 200);
    ada.get("/ledger?subject=bob@acme.test").await.has("lost laptop").has("was suspended").has("was let back in");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_shown_once_and_revoked() {
    let company = Company::new().await;
    let mut alice = company.visit("alice@acme.test").await;
    let fields = [("of", "alice@acme.test"), ("scope", "read"), ("days", "7"), ("note", "laptop <i>")];
    let made = alice.submit("/tokens", "/tokens", &fields).await;
    made.has("it is not shown again").has("laptop &lt;i&gt;");
    let secret = made.body.split("class=\"secret\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert!(secret.starts_with("rolecall_"));
    let list = alice.get("/tokens").await;
    list.has_not(&secret).has("laptop &lt;i&gt;");
    let revoke = list.body.split("action=\"/tokens/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    alice.follow("/tokens", &format!("/tokens/{revoke}"), &[]).await.has("The token is revoked");
    let mut other = crate::visitor::Visitor::new(company.address);
    let refused = other.post("/sign-in", &[("token", &secret)]).await;
    assert_eq!(refused.status, 401);
    refused.has("The token was revoked");
    // One without a scope, and one that would live too long.
    for (field, value, words) in [("scope", "", "needs a scope"), ("days", "9999", "within 366 days")] {
        let fields = fields.map(|(name, text)| (name, if name == field { value } else { text }));
        alice.submit("/tokens", "/tokens", &fields).await.has(words);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_names_are_text_everywhere() {
    let company = Company::new().await;
    filed(&company).await;
    let mut ada = company.visit("ada@acme.test").await;
    let person = format!("/people/{}", percent(HOSTILE));
    let role = format!("/roles/{LONG}");
    for path in [
        "/",
        "/requests",
        "/people",
        &person,
        "/roles",
        &role,
        "/ledger",
        "/live",
        "/tokens",
        "/ledger?text=%3Cscript%3Ealert(5)%3C/script%3E",
    ] {
        let answer = ada.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        for harm in ["<script>alert", "<img src=x", "<b onmouseover", "\"'>"] {
            assert!(!answer.body.contains(harm), "{path}: {harm}");
        }
    }
    ada.get(&person).await.has("eve&quot;'&gt;&lt;script&gt;").has("<bdi");
    ada.get(&role).await.has(LONG).has("&lt;img src=x");
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_is_filtered_paged_and_copied() {
    let company = Company::new().await;
    let mut olaf = company.visit("olaf@acme.test").await;
    for _ in 0..60 {
        company.token("bob@acme.test").await;
    }
    let first = olaf.get("/ledger?kind=token_made").await;
    first.has("Earlier entries").has_not("Policy version");
    let next = first.body.split("class=\"more\"><a class=\"button secondary\" href=\"").nth(1).unwrap();
    let next = next.split('"').next().unwrap().replace("&amp;", "&");
    assert!(next.contains("kind=token_made"), "{next}");
    olaf.get(&next).await.has("was made for").has_not("Earlier entries");
    olaf.get("/ledger?since=nonsense").await.has("This is no time.");
    olaf.get("/ledger/0").await.has("store_made").has("As it is written and hashed");
    let copy = olaf.get("/ledger/export/jsonl").await;
    assert_eq!(copy.header("content-disposition"), "attachment; filename=\"ledger.jsonl\"");
    copy.has("rolecall_export");
    assert!(copy.body.lines().count() > 60);
    assert_eq!(olaf.get("/ledger/export/exe").await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stream_goes_on_where_it_was_cut_and_ends_with_the_session() {
    let company = Company::new().await;
    let mut olaf = company.visit("olaf@acme.test").await;
    let newest = olaf.get("/live").await;
    let newest: u64 = newest.body.split("data-after=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
    company.token("bob@acme.test").await;
    olaf.headers = vec![("last-event-id", (newest - 1).to_string())];
    let mut stream = olaf.open("/live/events").await;
    let text = stream.until("bob@acme.test").await;
    let ids: Vec<u64> = text.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect();
    assert_eq!(ids, [newest, newest + 1], "{text}");
    company.token("lea@acme.test").await;
    stream.until("lea@acme.test").await;
    olaf.headers.clear();
    olaf.submit("/tokens", "/sign-out", &[]).await;
    stream.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_policy_is_shown_to_whoever_may_see_policies() {
    let company = Company::new().await;
    let (mut ada, mut bob) = (company.visit("ada@acme.test").await, company.visit("bob@acme.test").await);
    company.edit_policy("roles:", "rolls:");
    company.until("the trouble", |company| company.keeper.refused()).await;
    ada.get("/").await.has("not in force").has("role=\"alert\"");
    bob.get("/").await.has_not("not in force");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guests_come_in_by_a_button() {
    let guest =
        |label: &str| rolecall_server::Guest { label: label.into(), token: rolecall_core::secret::Secret::new("") };
    let config = Config { guests: vec![guest("bob@acme.test"), guest("lea@acme.test")], ..Config::default() };
    let company = Company::with(config).await;
    let mut visitor = crate::visitor::Visitor::new(company.address);
    let page = visitor.get("/sign-in").await;
    page.has("Come in as").has("lea@acme.test");
    let token = page.hidden("token").to_owned();
    assert_eq!(
        visitor.post("/sign-in", &[("token", &token), ("return", "/requests")]).await.header("location"),
        "/requests"
    );
    visitor.get("/").await.has("Signed in as").has("bob@acme.test");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_servers_have_room_and_who_needs_somebody_is_seen() {
    let company = Company::new().await;
    let mut text = String::from("environments:\n  many:\n    servers:\n");
    for number in 0..1_000 {
        std::fmt::Write::write_fmt(
            &mut text,
            format_args!("      s{number:03}: {{ url: '${{file:/nowhere}}', databases: [app] }}\n"),
        )
        .unwrap();
    }
    company.edit_policy("environments:\n", &text);
    company.until("the policy", |company| (company.keeper.statuses().len() == 1_002).then_some(())).await;
    let mut ada = company.visit("ada@acme.test").await;
    let overview = ada.get("/").await;
    overview.has("1002 servers").has("href=\"/environments\"").has("unreachable");
    assert!(overview.body.matches("<li class=\"card").count() <= 30, "too many cards");
    assert!(overview.body.len() < 60_000, "{} bytes", overview.body.len());
    // Every server is on one of the pages, once.
    let (mut next, mut seen) = (Some("/environments".to_owned()), std::collections::BTreeSet::new());
    while let Some(address) = next {
        let listed = ada.get(&address).await;
        assert_eq!(listed.status, 200, "{}", listed.body);
        assert!(listed.body.len() < 100_000, "{} bytes", listed.body.len());
        for rest in listed.body.split("<a href=\"/environments/").skip(1) {
            assert!(seen.insert(rest.split('"').next().unwrap().to_owned()), "twice: {rest}");
        }
        let more = listed.body.split("href=\"/environments?").nth(1).and_then(|rest| rest.split('"').next());
        next = more.map(|query| format!("/environments?{}", query.replace("&amp;", "&")));
    }
    assert_eq!(seen.len(), 1_002);
    ada.get("/environments?q=MANY/s99").await.has("10 of 1002 servers").has("/environments/many/s990");
    let mut bob = company.visit("bob@acme.test").await;
    bob.get("/environments").await.has("s000").has_not("href=\"/environments/many").has_not("/nowhere");
}
