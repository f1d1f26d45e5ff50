//! In a real browser: everybody can use every page, it fits small and large screens, and the live one lives.
//!
//! `ROLECALL_PICTURES=folder` leaves pictures of every page there, to look at.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::browser::Browser;
use crate::company::Company;
use crate::visitor::Visitor;

const AXE: &str = include_str!("axe/axe.min.js");

/// Rules of WCAG 2.2 up to AA, and good practice.
const ASK: &str = "axe.run(document, { resultTypes: ['violations'] }).then((found) => found.passes.length < 10 ? ['axe does not run'] : found.violations.map((one) => \
                   `${one.id}: ${one.help}: ${one.nodes.map((node) => node.html + ' ' + node.failureSummary).slice(0, 3).join(' | ')}`))";

/// Something that is wider than the page.
const WIDER: &str = "document.documentElement.scrollWidth > document.documentElement.clientWidth \
                     ? [...document.querySelectorAll('main *')].filter((one) => one.getBoundingClientRect().right > \
                     document.documentElement.clientWidth).slice(0, 3).map((one) => one.outerHTML.slice(0, 200)).join(' | ') || 'the page' : ''";

const SIZES: &[(&str, u32, u32)] = &[("phone", 360, 780), ("desktop", 1_440, 900), ("wide", 1_600, 1_000)];

async fn busy() -> Company {
    let company = Company::new().await;
    let (mut bob, mut lea) = (company.visit("bob@acme.test").await, company.visit("lea@acme.test").await);
    let first = file(&mut bob, "42", "ask").await;
    let shown = lea.get(&first).await;
    let approve = format!("{first}/approve");
    lea.follow(&first, &approve, &[("digest", shown.hidden("digest"))]).await.has("You have approved this.");
    file(&mut bob, "43", "ask").await;
    file(&mut bob, "44", "break-glass").await;
    company.by_hand("GRANT SELECT ON shop.orders TO support").await;
    company
        .until("drift", |company| {
            let statuses = company.keeper.statuses();
            statuses.iter().any(|status| status.waiting.as_ref().is_some_and(|waiting| waiting.drifted)).then_some(())
        })
        .await;
    company
}

async fn file(bob: &mut Visitor, customer: &str, how: &str) -> String {
    let fields = [
        ("environment", "production"),
        ("role", "support"),
        ("with.customer", customer),
        ("length", "7200"),
        ("reason", "T-2291: the customer cannot see an invoice"),
        ("how", how),
    ];
    let answer = bob.submit("/requests/new?environment=production&role=support", "/requests", &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.header("location").split('?').next().unwrap().to_owned()
}

/// Every page, each as somebody who has much to see there.
async fn pages(company: &Company) -> Vec<(&'static str, String, String)> {
    let (mut lea, bob) = (company.visit("lea@acme.test").await, company.visit("bob@acme.test").await);
    let ada = company.visit("ada@acme.test").await;
    let overview = lea.get("/").await.body;
    let links = overview.split("class=\"button\" href=\"/requests/").skip(1);
    let mut waiting = links.map(|rest| rest.split('"').next().unwrap());
    let (review, request) = (waiting.next().unwrap().to_owned(), waiting.next().unwrap().to_owned());
    let (ada, lea, bob) = (ada.cookie.unwrap(), lea.cookie.unwrap(), bob.cookie.unwrap());
    let page = |name, who: &String, path: &str| (name, who.clone(), path.to_owned());
    vec![
        page("overview", &ada, "/"),
        page("overview-member", &bob, "/"),
        page("servers", &ada, "/environments"),
        page("server", &ada, "/environments/production/main"),
        page("unreachable", &ada, "/environments/staging/main"),
        page("requests", &lea, "/requests?show=all"),
        page("ask", &bob, "/requests/new"),
        page("ask-form", &bob, "/requests/new?environment=production&role=support"),
        page("request", &lea, &format!("/requests/{request}")),
        page("review", &lea, &format!("/requests/{review}")),
        page("people", &ada, "/people"),
        page("person", &ada, "/people/alice@acme.test"),
        page("access", &bob, "/people/bob@acme.test"),
        page("roles", &bob, "/roles"),
        page("role", &ada, "/roles/support"),
        page("objects", &ada, "/objects?environment=production&database=app"),
        page("object", &ada, "/objects?environment=production&database=app&object=table+shop.tickets"),
        page("ledger", &ada, "/ledger"),
        page("entry", &ada, "/ledger/1"),
        page("tokens", &ada, "/tokens"),
        page("live", &ada, "/live"),
        page("missing", &bob, "/nowhere"),
        page("sign-in", &String::new(), "/sign-in"),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_for_everybody_light_and_dark_small_and_large() {
    let Some(mut browser) = Browser::open() else { return };
    let company = busy().await;
    let (list, base) = (pages(&company).await, format!("http://{}", company.address));
    let looking = tokio::task::spawn_blocking(move || {
        let mut wrong = Vec::new();
        for (name, cookie, path) in &list {
            if !cookie.is_empty() {
                browser.cookie(&base, cookie);
            }
            browser.visit(&format!("{base}{path}"));
            browser.run(AXE);
            for dark in [false, true] {
                for (size, width, height) in SIZES {
                    browser.look(dark, *width, *height);
                    let mut say = |what: &str| wrong.push(format!("{name}, {size}, dark {dark}: {what}"));
                    let wider = browser.run(WIDER);
                    if wider != "" {
                        say(&format!("wider than the screen: {wider}"));
                    }
                    if *size != "wide" {
                        let Value::Array(found) = browser.run(ASK) else { panic!("axe says nothing") };
                        found.iter().for_each(|one| say(one.as_str().unwrap_or_default()));
                    }
                    keep(&mut browser, &format!("{name}-{size}-{}", if dark { "dark" } else { "light" }));
                }
            }
            assert_eq!(browser.run("document.querySelectorAll('h1').length"), 1, "{name}");
        }
        wrong
    });
    let wrong = looking.await.unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn keep(browser: &mut Browser, name: &str) {
    let Some(folder) = std::env::var_os("ROLECALL_PICTURES") else { return };
    let path = std::path::Path::new(&folder).join(format!("{name}.png"));
    std::fs::write(path, STANDARD.decode(browser.picture()).unwrap()).unwrap();
}

#[test]
fn the_checks_find_what_is_wrong() {
    let Some(mut browser) = Browser::open() else { return };
    browser.visit("data:text/html,<html lang=en><title>x</title><main><h1>x</h1><p style='color:%23ccc;background:white'>pale</p><input><p style='width:3000px'>wide</p></main>");
    browser.look(false, 1_440, 900);
    browser.run(AXE);
    let found = browser.run(ASK).to_string();
    assert!(found.contains("color-contrast") && found.contains("label"), "{found}");
    assert_ne!(browser.run(WIDER), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_appears_by_itself_and_can_be_paused() {
    let Some(mut browser) = Browser::open() else { return };
    let company = Company::new().await;
    let (ada, base) = (company.visit("ada@acme.test").await, format!("http://{}", company.address));
    let count = "document.querySelectorAll('#live > li').length";
    let mut browser = tokio::task::spawn_blocking(move || {
        browser.cookie(&base, &ada.cookie.unwrap());
        browser.visit(&format!("{base}/live"));
        wait(&mut browser, "document.getElementById('connection').textContent === 'Connected'");
        browser
    })
    .await
    .unwrap();
    let before = browser.run(count).as_u64().unwrap();
    company.token("bob@acme.test").await;
    let (mut browser, first) = tokio::task::spawn_blocking(move || {
        wait(&mut browser, &format!("{count} === {}", before + 1));
        let first = browser.run("document.querySelector('#live > li').textContent");
        wait(&mut browser, "document.getElementById('news').textContent.includes('bob@acme.test')");
        browser.run("document.getElementById('pause').focus()");
        browser.press("Enter", 13);
        wait(&mut browser, "document.getElementById('pause').getAttribute('aria-pressed') === 'true'");
        (browser, first.to_string())
    })
    .await
    .unwrap();
    assert!(first.contains("was made for bob@acme.test"), "{first}");
    company.token("lea@acme.test").await;
    tokio::task::spawn_blocking(move || {
        wait(&mut browser, "document.getElementById('pause').textContent === 'Go on (1 waiting)'");
        assert_eq!(browser.run(count), before + 1);
        browser.press("Enter", 13);
        wait(&mut browser, &format!("{count} === {}", before + 2));
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_keyboard_alone_one_signs_in_and_skips_to_the_content() {
    let Some(mut browser) = Browser::open() else { return };
    let company = Company::new().await;
    let (token, base) = (company.token("bob@acme.test").await, format!("http://{}", company.address));
    tokio::task::spawn_blocking(move || {
        browser.visit(&format!("{base}/sign-in?return=%2Froles"));
        browser.run(&format!(
            "document.getElementById('token').focus(); document.getElementById('token').value = '{token}'"
        ));
        browser.press("Enter", 13);
        wait(&mut browser, "location.pathname === '/roles' && document.readyState === 'complete'");
        browser.press("Tab", 9);
        assert_eq!(browser.run("document.activeElement.className"), "skip");
        assert_eq!(browser.run("document.activeElement.getBoundingClientRect().left >= 0"), true);
        browser.press("Enter", 13);
        wait(&mut browser, "document.activeElement.id === 'main'");
    })
    .await
    .unwrap();
}

fn wait(browser: &mut Browser, condition: &str) {
    for _ in 0..400 {
        if browser.run(condition) == true {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let page = browser.run("document.body.innerText");
    panic!("waited in vain for {condition} on {page}");
}
