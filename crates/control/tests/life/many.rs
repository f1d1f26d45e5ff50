//! What happens to many at once is written at once.

use rolecall_core::event::Event;

use super::company::Company;

/// One transaction's Events have one time.
fn together(events: &[Event], kind: &str) -> usize {
    let of: Vec<&Event> = events.iter().filter(|event| event.kind.name() == kind).collect();
    assert!(of.windows(2).all(|pair| pair[0].at == pair[1].at), "{kind} was written one by one");
    of.len()
}

#[tokio::test]
async fn leases_that_end_together_are_noted_in_one_transaction() {
    let company = Company::new().await;
    let mut ids = Vec::new();
    for customer in ["42", "43", "44", "45"] {
        ids.push(company.running(customer).await);
    }
    company.wait(3_700);
    let office = company.office().await;
    assert_eq!(office.end_due().await.unwrap(), 4);
    assert_eq!(office.end_due().await.unwrap(), 0);
    let settled = office.settle().await.unwrap();
    assert_eq!((settled.leases.len(), settled.failures.len()), (4, 0));
    let events = company.events().await;
    assert_eq!((together(&events, "lease_ended"), together(&events, "lease_revoked")), (4, 4));
    for id in ids {
        let story = company.story(id).await;
        // The work on the server belongs to the first of them.
        let own: Vec<&str> = story.iter().map(String::as_str).filter(|kind| kind.starts_with("lease_")).collect();
        assert_eq!(own, ["lease_started", "lease_ended", "lease_revoked"], "each belongs to its own story");
    }
    assert!(company.rows("bob").await.is_err());
}

#[tokio::test]
async fn requests_that_nobody_decides_expire_in_one_transaction() {
    let company = Company::new().await;
    let mut ids = Vec::new();
    for customer in ["42", "43", "44", "45"] {
        ids.push(company.filed(customer).await);
    }
    company.wait(400 * 24 * 3_600);
    let office = company.office().await;
    let mut closed = office.expire_requests().await.unwrap();
    closed.sort();
    assert_eq!(closed, ids);
    assert!(office.expire_requests().await.unwrap().is_empty());
    assert_eq!(together(&company.events().await, "request_expired"), 4);
}
