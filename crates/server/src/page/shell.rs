//! What every page has around it: the head, the way around, who one is.

use axum::http::HeaderName;
use axum::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};
use rolecall_core::admit::Action;

use super::asset::{self, CLOCK, MARK, STYLE};
use super::gate::Viewer;
use super::parts;

/// Nothing but our own files runs, and forms go nowhere else.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// A page's HTML with the headers that keep it safe. With `no-referrer`, browsers would not say where a form comes from.
pub struct Html(Markup);

impl IntoResponse for Html {
    fn into_response(self) -> Response {
        let headers: [(HeaderName, &str); 2] = [(CONTENT_SECURITY_POLICY, POLICY), (REFERRER_POLICY, "same-origin")];
        (headers, self.0).into_response()
    }
}

/// Parts of the way around.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Overview,
    Requests,
    Access,
    People,
    Roles,
    Objects,
    Ledger,
    Live,
    Tokens,
}

/// A page for somebody who signed in.
pub fn page(viewer: &Viewer, place: Place, title: &str, body: &Markup) -> Html {
    page_with(viewer, place, title, body, None)
}

/// The same, with a script of its own.
pub fn page_with(viewer: &Viewer, place: Place, title: &str, body: &Markup, script: Option<&asset::Asset>) -> Html {
    let inside = html! {
        header.bar {
            a.wordmark href="/" { img src=(MARK.address()) alt="" width="22" height="22"; span { "Rolecall" } }
            nav aria-label="Pages" { ul {
                @for (to, address, label) in around(viewer) {
                    li { a href=(address) aria-current=[(to == place).then_some("page")] { (label) } }
                }
            } }
            div.whoami {
                span.quiet { "Signed in as" }
                strong { (parts::principal_or_operator(viewer.id())) }
                form method="post" action="/sign-out" {
                    (parts::csrf(viewer))
                    button.plain type="submit" { "Sign out" }
                }
            }
        }
        main id="main" tabindex="-1" { (body) }
    };
    document(title, &inside, script)
}

/// A page for whoever it may be.
pub fn bare(title: &str, body: &Markup) -> Html {
    let inside = html! {
        header.bar.alone {
            a.wordmark href="/" { img src=(MARK.address()) alt="" width="22" height="22"; span { "Rolecall" } }
        }
        main.narrow id="main" tabindex="-1" { h1 { (title) } (body) }
    };
    document(title, &inside, None)
}

fn document(title: &str, inside: &Markup, script: Option<&asset::Asset>) -> Html {
    Html(html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Rolecall" }
                link rel="icon" type="image/svg+xml" href=(MARK.address());
                link rel="stylesheet" href=(STYLE.address());
                script src=(CLOCK.address()) defer {}
                @if let Some(script) = script { script src=(script.address()) defer {} }
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                (inside)
            }
        }
    })
}

/// Where one may go.
fn around(viewer: &Viewer) -> Vec<(Place, String, &'static str)> {
    let may = |action| viewer.sight.may(action);
    let (directory, ledger, watch) = (may(Action::ViewDirectory), may(Action::ReadLedger), may(Action::Watch));
    let mut list =
        vec![(Place::Overview, "/".to_owned(), "Overview"), (Place::Requests, "/requests".into(), "Requests")];
    if let Some(id) = viewer.id() {
        list.push((Place::Access, parts::person_address(id), "My access"));
    }
    let mut add = |shown: bool, place, address: &str, label| {
        if shown {
            list.push((place, address.to_owned(), label));
        }
    };
    add(directory, Place::People, "/people", "People");
    add(may(Action::ViewRoles), Place::Roles, "/roles", "Roles");
    add(directory, Place::Objects, "/objects", "Objects");
    add(ledger, Place::Ledger, "/ledger", "Ledger");
    add(watch, Place::Live, "/live", "Live");
    add(true, Place::Tokens, "/tokens", "Tokens");
    list
}
