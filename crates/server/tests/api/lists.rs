//! Lists: what is on them for whom, and page after page without a gap or a double.

use crate::company::Company;

async fn walk(company: &Company, who: &str, path: &str, limit: usize) -> Vec<String> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let sign = if path.contains('?') { '&' } else { '?' };
        let page = company.get(who, &format!("{path}{sign}limit={limit}{after}")).await.is(200).body;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        found.extend(items.iter().map(|item| item["id"].to_string()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return found,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_follow_each_other_whatever_comes_in_between() {
    let company = Company::new().await;
    let mut ids = Vec::new();
    for customer in 1..=5 {
        ids.insert(0, company.filed(customer).await.to_string());
    }
    assert_eq!(walk(&company, "bob", "/requests", 2).await, ids);
    assert_eq!(walk(&company, "lea", "/requests?state=pending,granted", 5).await, ids);
    assert_eq!(walk(&company, "cara", "/requests", 2).await, Vec::<String>::new());
    let first = company.get("bob", "/requests?limit=2").await.is(200).body;
    company.filed(6).await;
    let second = company.get("bob", &format!("/requests?limit=2&after={}", first["next"].as_str().unwrap())).await.body;
    assert_eq!(second["items"][0]["id"].to_string(), ids[2]);
    let people = walk(&company, "ada", "/people", 2).await;
    let names = ["ada", "bob", "cara", "eve", "ivan", "lea"].map(|who| format!("\"{who}@acme.test\""));
    assert_eq!(people, names);
    let tokens = walk(&company, "ada", "/tokens", 4).await;
    assert_eq!(tokens.len(), 11);
    assert_eq!(walk(&company, "cara", "/tokens", 4).await.len(), 1);
    let ledger = walk(&company, "ivan", "/ledger", 7).await;
    let numbers: Vec<u64> = ledger.iter().map(|id| id.parse().unwrap()).collect();
    let whole: Vec<u64> = (0..=numbers[0]).rev().collect();
    assert_eq!(numbers, whole, "the ledger has no gap");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_narrow() {
    let company = Company::new().await;
    let (waits, runs) = (company.filed(42).await, company.granted(43).await);
    let ids = async |who: &str, path: &str| walk(&company, who, path, 50).await.join(" ");
    assert_eq!(ids("lea", "/requests?state=granted").await, runs.to_string());
    assert_eq!(ids("lea", "/requests?principal=bob@acme.test&role=support").await, format!("{runs} {waits}"));
    assert_eq!(ids("lea", "/requests?principal=cara@acme.test").await, "");
    assert_eq!(ids("lea", "/requests?environment=staging").await, "");
    assert_eq!(ids("bob", "/leases?state=opening,open").await, runs.to_string());
    assert_eq!(ids("cara", "/leases").await, "");
    assert_eq!(ids("ivan", "/ledger?kind=lease_started").await.split(' ').count(), 1);
    let roles = company.get("bob", "/roles").await.is(200).body;
    let offer = &roles[0]["may_request"][0];
    assert_eq!((&offer["approvals"], &offer["max_seconds"]), (&1.into(), &28_800.into()));
    assert_eq!((&offer["reason_pattern"], &offer["break_glass"]), (&"T-[0-9]+".into(), &true.into()));
    assert_eq!(company.get("ada", "/roles").await.body[0]["may_request"], serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_has_readers_and_a_plan_has_statements() {
    let company = Company::new().await;
    company.granted(43).await;
    assert!(company.keeper.office().settle().await.unwrap().failures.is_empty());
    let objects = company.get("ivan", "/objects?environment=production&database=app&text=ticket").await.is(200).body;
    assert_eq!(objects, serde_json::json!(["table shop.tickets"]));
    let ask = "/objects/holders?environment=production&database=app&object=table%20shop.tickets";
    let who = company.get("ivan", ask).await.is(200).body;
    let (decided, shown) = (&who["decided"][0], &who["shown"][0]);
    assert_eq!((&decided["who"], &decided["through"][0]), (&"bob@acme.test".into(), &"support".into()), "{who}");
    assert_eq!((&decided["whole"], &decided["filtered"]), (&shown["whole"], &true.into()), "{who}");
    assert_eq!((&shown["who"], &who["beyond"][0]), (&"bob@acme.test".into(), &"postgres".into()), "{who}");
    company.get("ivan", "/objects?environment=production").await.problem(400, "bad-query");

    let target = rolecall_engine::postgres::Target::parse(&rolecall_core::secret::Secret::new(
        company.server.url("app", "postgres"),
    ));
    let mut conn = target.unwrap().open(None).await.unwrap();
    sqlx::Executor::execute(&mut conn, "GRANT INSERT ON shop.tickets TO support").await.unwrap();
    let plan = company.get("ivan", "/environments/production/servers/main/plan").await.is(200).body;
    let sql = plan["steps"][0]["sql"][0].as_str().unwrap();
    assert!(sql.starts_with("REVOKE INSERT ON") && sql.contains("tickets"), "{plan}");
}
