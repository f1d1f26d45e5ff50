//! Leases and what they give.

use std::collections::BTreeMap;

use maud::{Markup, html};
use rolecall_control::store::{Kept, Reach};
use rolecall_core::lease::{self, Lease};

use super::super::gate::Viewer;

/// `customer = 42`
pub fn values(with: &BTreeMap<String, Vec<String>>) -> Markup {
    html! {
        @for (name, values) in with { " " bdi.values { (name) " = " (values.join(", ")) } }
    }
}

/// A Role with its values, in an environment.
pub fn asked(viewer: &Viewer, role: &str, environment: &str, with: &BTreeMap<String, Vec<String>>) -> Markup {
    html! { (super::role(viewer, role)) (values(with)) " " span.nowrap { "in " (super::name(environment)) } }
}

/// The servers for which a Lease waits, where it has got to some and not to others, or some are late.
pub fn awaited(viewer: &Viewer, kept: &Kept) -> Markup {
    let environment = viewer.sight.policy().environments.get(&kept.lease.environment);
    let (servers, name) = (environment.into_iter().flat_map(|found| found.servers.keys()), &kept.lease.environment);
    let open: Vec<&str> = servers.filter(|server| kept.waits_for(name, server)).map(String::as_str).collect();
    let partly = (!kept.done.is_empty() || !kept.late.is_empty()) && !open.is_empty();
    let what = match kept.reach {
        Reach::Opening if partly => "Not there yet on",
        Reach::Closing | Reach::Overdue if partly => "Not proved to be gone yet from",
        _ => "",
    };
    let except = except(&kept.lease);
    html! {
        @if !what.is_empty() { p.note { (what) " " (super::name(&open.join(", "))) "." } }
        @if !except.is_empty() { p.note { "Not given on " (super::name(&except))
            ", which did not answer when this was agreed to. Ask again to have it there." } }
    }
}

/// The servers on which it does not hold.
fn except(lease: &Lease) -> String {
    lease.except.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// A table of Leases.
pub fn leases<'a>(viewer: &Viewer, caption: &str, leases: impl Iterator<Item = &'a Kept>, whose: bool) -> Markup {
    let now = viewer.sight.now();
    html! {
        div.scroll { table {
            caption.away { (caption) }
            thead { tr {
                @if whose { th scope="col" { "Who" } }
                th scope="col" { "Access" } th scope="col" { "Ends" } th scope="col" { "State" } th scope="col" { "Request" }
            } }
            tbody {
                @for kept in leases {
                    @let lease = &kept.lease;
                    tr {
                        @if whose { td data-label="Who" { (super::person(viewer, &lease.principal)) } }
                        td data-label="Access" {
                            (asked(viewer, &lease.role, &lease.environment, &lease.with))
                            @if !lease.except.is_empty() { ", not on " (super::name(&except(lease))) }
                        }
                        td data-label="Ends" { (super::left(lease::end(lease, viewer.sight.policy()), now)) }
                        td data-label="State" {
                            (super::reach(kept.reach))
                            @if lease.break_glass { " " (super::badge("bad", "break-glass")) }
                        }
                        td data-label="Request" { a href={ "/requests/" (lease.id) } { "Request " (lease.id) } }
                    }
                }
            }
        } }
    }
}
