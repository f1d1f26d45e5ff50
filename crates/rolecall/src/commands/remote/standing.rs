//! `rolecall suspend` and `reinstate`: somebody is shut out by an act, and let back in.

use serde_json::json;

use crate::Outcome;
use crate::args::Standing;
use crate::client::Client;

/// Shuts somebody out.
pub fn suspend(arguments: &Standing) -> anyhow::Result<Outcome> {
    act(arguments, "suspend")?;
    eprintln!("{} is suspended; their leases end, and their sessions.", arguments.principal);
    Ok(Outcome::Done)
}

/// Lets somebody back in.
pub fn reinstate(arguments: &Standing) -> anyhow::Result<Outcome> {
    act(arguments, "reinstate")?;
    eprintln!(
        "{} is let back in, if the policy does not say otherwise. Leases that ended stay so.",
        arguments.principal
    );
    Ok(Outcome::Done)
}

fn act(arguments: &Standing, act: &str) -> anyhow::Result<()> {
    let path = format!("/principals/{}/{act}", segment(&arguments.principal));
    Client::new(&arguments.remote.address)?.post(&path, &json!({ "reason": arguments.reason }))?;
    Ok(())
}

/// A part of a path, with what has a meaning there escaped.
pub fn segment(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_stays_one_part_of_the_path() {
        assert_eq!(super::segment("bob@acme.test"), "bob@acme.test");
        assert_eq!(super::segment("../a b/ü?#%"), "..%2Fa%20b%2F%C3%BC%3F%23%25");
    }
}
