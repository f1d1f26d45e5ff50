//! An environment with two servers, one of which does not answer: the other one is not held up by it.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use rolecall_control::ControlError;
use rolecall_control::store::Reach;
use rolecall_core::event::Kind;
use rolecall_core::request::{Draft, Outcome, Refusal, RequestId, Until};

use super::company::Company;
use super::granted;
use super::keeper::soon;

/// The servers on which a Lease's end is proved in the ledger, in that order.
async fn proved(company: &Company, id: RequestId) -> Vec<String> {
    let events = company.events().await;
    let places = events.into_iter().filter_map(|event| match event.kind {
        Kind::LeaseRevoked { lease, place, .. } if lease == id.to_string() => Some(place.server),
        _ => None,
    });
    places.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_is_proved_where_it_is_reached_and_told_as_overdue_elsewhere() {
    let company = Company::new().await;
    let (mut other, old, new) = company.beside("other").await;
    let (office, bob, lea) = (company.office_with(old, &new).await, company.person("bob"), company.person("lea"));
    let id = office.request(&bob, company.draft("bob", "42"), None).await.unwrap().request().id;
    let (_, shown) = office.shown(&lea, id).await.unwrap();
    office.approve(&lea, id, &shown).await.unwrap();
    assert_eq!(office.settle().await.unwrap().leases[0].reach, Reach::Open);

    other.stop();
    office.end(&bob, id).await.unwrap();
    let settled = office.settle().await.unwrap();
    assert_eq!((settled.failures.len(), settled.leases[0].reach), (1, Reach::Overdue));
    assert_eq!(settled.leases[0].done, ["main".to_owned()].into());
    assert_eq!(settled.leases[0].late, ["other".to_owned()].into());
    assert!(company.rows("bob").await.is_err(), "off the server that answers");
    assert_eq!(proved(&company, id).await, ["main"]);
    let overdue = company.newest("lease_overdue").await.sentence();
    assert!(overdue.contains("production · other"), "{overdue}");
    assert!(office.settle().await.unwrap().leases.is_empty(), "told once");

    other.restart().unwrap();
    assert_eq!(company.rows_on(&other, "bob").await.unwrap(), [42], "it is still there");
    // Now the other one is away: what was proved there stays so.
    company.lose_the_url();
    assert_eq!(office.settle().await.unwrap().leases[0].reach, Reach::Closed);
    assert!(company.rows_on(&other, "bob").await.is_err());
    assert_eq!(proved(&company, id).await, ["main", "other"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_over_everywhere_that_is_left_is_over() {
    let company = Company::new().await;
    let (mut other, old, new) = company.beside("other").await;
    let (office, bob) = (company.office_with(old, &new).await, company.person("bob"));
    let id = granted(&office.break_glass(&bob, company.draft("bob", "42")).await.unwrap());
    office.settle().await.unwrap();
    other.stop();
    office.end(&bob, id).await.unwrap();
    assert_eq!(office.settle().await.unwrap().leases[0].reach, Reach::Overdue);
    // The policy gives the server up.
    let office = company.office().await;
    assert_eq!(office.settle().await.unwrap().leases[0].reach, Reach::Closed);
    assert_eq!(proved(&company, id).await, ["main"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_could_see_is_not_given() {
    let company = Company::new().await;
    let (mut other, old, new) = company.beside("other").await;
    let (office, bob, lea) = (company.office_with(old, &new).await, company.person("bob"), company.person("lea"));
    let ask = async || office.request(&bob, company.draft("bob", "42"), None).await.map(|asked| asked.request().id);
    let agree = async |id| {
        let (effects, shown) = office.shown(&lea, id).await.unwrap();
        (format!("{effects:?}"), office.approve(&lea, id, &shown).await.unwrap())
    };
    other.stop();
    let id = ask().await.unwrap();
    let (effects, outcome) = agree(id).await;
    assert!(effects.contains("customer = 42"), "{effects}");
    assert!(effects.contains("other did not answer") && effects.contains("gives nothing there"), "{effects}");
    assert_eq!(granted(&outcome), id);
    let told = company.newest("request_approved").await;
    assert!(format!("{:?}", told.effects).contains("other did not answer"), "{told:?}");
    let settled = office.settle().await.unwrap();
    assert_eq!((settled.failures.len(), settled.leases[0].reach), (0, Reach::Open), "nobody waits for the other one");
    assert_eq!(company.rows("bob").await.unwrap(), [42]);

    other.restart().unwrap();
    office.settle().await.unwrap();
    assert!(company.rows_on(&other, "bob").await.is_err());
    let plan = office.plan(&company.person("ada"), "production", "other").await.unwrap();
    assert!(plan.is_empty(), "nor does a whole plan give it: {plan:?}");

    // For what he did not get he asks again; each ends without the other.
    company.wait(60);
    let again = ask().await.unwrap();
    let (effects, outcome) = agree(again).await;
    assert!(!effects.contains("did not answer"), "{effects}");
    assert_eq!(granted(&outcome), again);
    office.settle().await.unwrap();
    assert_eq!(company.rows_on(&other, "bob").await.unwrap(), [42]);
    assert!(matches!(ask().await, Err(ControlError::Refused(Refusal::AlreadyLeased(_)))));
    office.end(&bob, id).await.unwrap();
    assert_eq!(office.settle().await.unwrap().leases[0].reach, Reach::Closed);
    assert_eq!(proved(&company, id).await, ["main"], "where it never was nothing is to be proved");
    assert_eq!(company.rows_on(&other, "bob").await.unwrap(), [42]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_answers_again_is_agreed_to_anew_and_without_any_server_nobody_agrees() {
    let company = Company::new().await;
    let (mut other, old, new) = company.beside("other").await;
    let (office, bob, lea) = (company.office_with(old, &new).await, company.person("bob"), company.person("lea"));
    other.stop();
    let id = office.request(&bob, company.draft("bob", "42"), None).await.unwrap().request().id;
    let (_, shown) = office.shown(&lea, id).await.unwrap();
    other.restart().unwrap();
    let outcome = office.approve(&lea, id, &shown).await.unwrap();
    assert!(matches!(outcome, Outcome::AskedAgain(_)), "{outcome:?}");
    let (_, shown) = office.shown(&lea, id).await.unwrap();
    // It goes again, with what was shown of it.
    other.stop();
    let outcome = office.approve(&lea, id, &shown).await.unwrap();
    assert!(matches!(outcome, Outcome::AskedAgain(_)), "{outcome:?}");
    company.lose_the_url();
    assert!(office.shown(&lea, id).await.is_err());
    assert!(office.approve(&lea, id, &shown).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_begin_and_end_on_time_beside_a_server_that_never_answers() {
    let company = Company::new().await;
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://postgres@{}/postgres?sslmode=disable", silent.local_addr().unwrap());
    let (old, new) = company.with_server("silent", &url);
    let (keeper, _stop) = company.keeper_with(old, &new).await;
    let (office, bob) = (keeper.office(), company.person("bob"));
    let lease = async |customer: &str| {
        let draft = Draft { until: Until::For(4), ..company.draft("bob", customer) };
        granted(&office.break_glass(&bob, draft).await.unwrap())
    };
    // Each begins while the other server is waited for.
    for customer in ["42", "43"] {
        let id = lease(customer).await;
        keeper.nudge();
        let begun = Instant::now();
        soon("the access", async || company.rows("bob").await.is_ok_and(|rows| rows.len() == 1)).await;
        soon("the proof", async || proved(&company, id).await == ["main"]).await;
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    }
    soon("the alarm", async || company.kinds().await.contains(&"lease_overdue".to_owned())).await;
}
