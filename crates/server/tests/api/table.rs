//! Who gets what answer: one row for each thing that can be asked, one column for each kind of caller.

use crate::company::Company;

const CALLERS: [&str; 12] =
    ["operator", "ada", "lea", "ivan", "bob", "cara", "eve", "zed", "scoped", "expired", "revoked", "nobody"];

/// What is asked, what is sent along, and the answers. `R` is Bob's request that waits, `G` his that runs.
#[rustfmt::skip]
const TABLE: &[(&str, &str, &str)] = &[
    //                                                operator administrator approver auditor member another suspended stranger scoped expired revoked nobody
    ("GET /me", "",                                                  "200 200 200 200 200 200 200 200 200 401 401 401"),
    ("GET /environments", "",                                        "200 200 200 200 200 200 403 403 403 401 401 401"),
    ("GET /environments/production/servers/main", "",                "200 200 200 200 200 200 403 403 403 401 401 401"),
    ("GET /environments/production/servers/other", "",               "404 404 404 404 404 404 403 403 403 401 401 401"),
    ("GET /environments/production/servers/main/plan", "",           "200 200 403 200 403 403 403 403 403 401 401 401"),
    ("GET /people", "",                                              "200 200 200 200 403 403 403 403 403 401 401 401"),
    ("GET /people/bob@acme.test/access", "",                         "200 200 200 200 200 404 403 403 403 401 401 401"),
    ("GET /people/none@acme.test/access", "",                        "404 404 404 404 404 404 403 403 404 401 401 401"),
    ("GET /roles", "",                                               "200 200 200 200 200 200 403 403 403 401 401 401"),
    ("GET /objects?environment=production&database=app", "",         "200 200 200 200 403 403 403 403 403 401 401 401"),
    ("GET /objects/holders?environment=production&database=app&object=table%20shop.tickets", "",
                                                                     "200 200 200 200 403 403 403 403 403 401 401 401"),
    ("GET /objects/holders?environment=production&database=app&object=none", "",
                                                                     "404 404 404 404 403 403 403 403 403 401 401 401"),
    ("GET /requests", "",                                            "200 200 200 200 200 200 403 403 403 401 401 401"),
    ("GET /requests/R", "",                                          "200 200 200 200 200 404 404 404 403 401 401 401"),
    ("GET /requests/R/effects", "",                                  "200 200 200 200 200 404 404 404 403 401 401 401"),
    ("GET /requests/999999", "",                                     "404 404 404 404 404 404 404 404 404 401 401 401"),
    ("GET /leases", "",                                              "200 200 200 200 200 200 403 403 403 401 401 401"),
    ("GET /leases/G", "",                                            "200 200 200 200 200 404 404 404 403 401 401 401"),
    ("GET /leases/999999", "",                                       "404 404 404 404 404 404 404 404 404 401 401 401"),
    ("GET /ledger", "",                                              "200 200 403 200 403 403 403 403 403 401 401 401"),
    ("GET /tokens", "",                                              "200 200 200 200 200 200 403 403 403 401 401 401"),
    // Nothing below comes through: what is allowed fails for another reason.
    ("POST /requests", r#"{"role":"none","environment":"production","until":"1h"}"#,
                                                                     "403 422 422 422 422 422 403 403 403 401 401 401"),
    ("POST /requests/R/approve", r#"{"digest":"x"}"#,                "403 403 409 403 403 404 404 404 403 401 401 401"),
    ("POST /requests/R/deny", r#"{"reason":"\u0001"}"#,              "403 403 422 403 403 404 404 404 403 401 401 401"),
    ("POST /requests/G/withdraw", "",                                "403 403 403 403 409 404 404 404 403 401 401 401"),
    ("POST /requests/R/review", r#"{"justified":true}"#,             "403 403 409 403 403 404 404 404 403 401 401 401"),
    ("POST /leases/999999/end", "",                                  "404 404 404 404 404 404 404 404 404 401 401 401"),
    ("POST /principals/none/suspend", "",                            "422 422 403 403 403 403 403 403 403 401 401 401"),
    ("POST /principals/bob@acme.test/reinstate", "",                 "422 422 403 403 403 403 403 403 403 401 401 401"),
    ("POST /tokens", r#"{"of":"bob@acme.test","scopes":[]}"#,        "422 403 403 403 422 403 403 403 403 401 401 401"),
    ("POST /tokens", r#"{"of":"(operator)","scopes":[]}"#,           "422 403 403 403 403 403 403 403 403 401 401 401"),
    ("POST /tokens/t999999/revoke", "",                              "404 404 404 404 404 404 404 404 404 401 401 401"),
    ("POST /clock/accept", "",                                       "409 409 403 403 403 403 403 403 403 401 401 401"),
    ("POST /environments/production/servers/main/apply", r#"{"digest":"x"}"#,
                                                                     "409 409 403 403 403 403 403 403 403 401 401 401"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_and_everybody() {
    let company = Company::new().await;
    let (waits, runs) = (company.filed(42).await, company.granted(43).await);
    let mut wrong = Vec::new();
    for (asks, body, expected) in TABLE {
        let asks = asks.replace("/R", &format!("/{waits}")).replace("/G", &format!("/{runs}"));
        let mut found = Vec::new();
        for who in CALLERS {
            found.push(company.ask(who, &asks, body, &[]).await.status.to_string());
        }
        if found.join(" ") != *expected {
            wrong.push(format!("{asks}\n  is        {}\n  should be {expected}", found.join(" ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_yours_looks_like_what_is_not_there() {
    let company = Company::new().await;
    let bobs = company.filed(42).await;
    for path in ["", "/effects", "/approve", "/deny", "/withdraw", "/review"] {
        let body = match path {
            "/approve" => r#"{"digest":"x"}"#,
            "/review" => r#"{"justified":true}"#,
            _ => "",
        };
        let method = if matches!(path, "" | "/effects") { "GET" } else { "POST" };
        let theirs = company.ask("cara", &format!("{method} /requests/{bobs}{path}"), body, &[]).await;
        let none = company.ask("cara", &format!("{method} /requests/999999{path}"), body, &[]).await;
        let said = none.body.to_string().replace("999999", &bobs.to_string());
        assert_eq!((theirs.status, theirs.body.to_string()), (none.status, said), "{path}");
    }
    for who in ["bob@acme.test", "none@acme.test"] {
        company.get("cara", &format!("/people/{who}/access")).await.problem(404, "not-found");
    }
}
