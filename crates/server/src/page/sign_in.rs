//! Signing in with a token, and out.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use maud::html;
use rolecall_core::secret::Secret;

use super::failure::Failure;
use super::gate::{Fields, Submitted, same_origin};
use super::parts::{Field, problem};
use super::shell;
use crate::identity::cookie_name;
use crate::{App, client};

pub async fn form(State(app): State<App>, fields: Fields) -> Response {
    show(&app, fields.get("return"), fields.some("ended").map(|_| "Your session has ended. Sign in again."), None)
}

/// `note` is no fault; `wrong` stands beside the field.
fn show(app: &App, back: &str, note: Option<&str>, wrong: Option<&str>) -> Response {
    let back = local(back);
    let guests = &app.config().guests;
    let body = html! {
        @if let Some(note) = note { p.note role="status" { (note) } }
        @if let Some(wrong) = wrong { (problem(wrong)) }
        @if !guests.is_empty() {
            section.guests aria-labelledby="guests" {
                h2 id="guests" { "Come in as" }
                div.choices { @for guest in guests {
                    form method="post" action="/sign-in" {
                        input type="hidden" name="token" value=(guest.token.reveal());
                        input type="hidden" name="return" value=(back);
                        button.secondary type="submit" { bdi { (guest.label) } }
                    }
                } }
            }
            h2 { "Or with a token" }
        }
        form method="post" action="/sign-in" {
            input type="hidden" name="return" value=(back);
            (Field {
                name: "token",
                label: "Token",
                kind: "password",
                hint: Some("It begins with rolecall_. The first start of Rolecall printed the operator's; everybody else gets theirs from `rolecall token make`."),
                wrong: wrong.map(|_| "This token does not let you in."),
                required: true,
                ..Field::default()
            }.line())
            button type="submit" { "Sign in" }
        }
    };
    let status = if wrong.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    (status, shell::bare("Sign in", &body)).into_response()
}

pub async fn enter(State(app): State<App>, request: Request) -> Result<Response, Failure> {
    same_origin(request.headers(), &app)?;
    let from = client::address(&app, request.extensions(), request.headers());
    let fields = Fields::read(request.into_body()).await?;
    let office = app.office();
    match office.sign_in(&Secret::new(fields.get("token"))).await? {
        Ok(signed_in) => {
            let lasts = signed_in.identity.ends.as_second() - office.store.clock().now().as_second();
            let cookie = cookie(&app, signed_in.secret.reveal(), lasts.max(0));
            Ok((AppendHeaders([(SET_COOKIE, cookie)]), Redirect::to(local(fields.get("return")))).into_response())
        }
        Err(why) => {
            office.refused(app.refusals(), &from, "page", why).await?;
            let words = format!(
                "{}{}.",
                why.to_string().get(..1).unwrap_or_default().to_uppercase(),
                why.to_string().get(1..).unwrap_or_default()
            );
            Ok(show(&app, fields.get("return"), None, Some(&words)))
        }
    }
}

pub async fn leave(Submitted { viewer, .. }: Submitted) -> Result<Response, Failure> {
    viewer.app.office().sign_out(&viewer.session).await?;
    let cookie = cookie(&viewer.app, "", 0);
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), Redirect::to("/sign-in")).into_response())
}

fn cookie(app: &App, value: &str, lasts: i64) -> String {
    let secure = if app.config().secure() { "; Secure" } else { "" };
    format!("{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={lasts}{secure}", cookie_name(app))
}

/// A path of this server, or the overview: nobody is sent to another site by a link to ours.
fn local(address: &str) -> &str {
    let plain = address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if plain && address.starts_with('/') && !address.starts_with("//") { address } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn only_paths_of_this_server_are_returned_to() {
        assert_eq!(local("/requests/7?done=filed"), "/requests/7?done=filed");
        for address in
            ["", "//evil.test", "https://evil.test/", "/\\evil.test", "\\\\evil.test", "/a\r\nb", "javascript:1"]
        {
            assert_eq!(local(address), "/", "{address}");
        }
    }
}
