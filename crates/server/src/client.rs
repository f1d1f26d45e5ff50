//! From where somebody really asks: behind a proxy that is trusted it is the proxy who knows.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::http::{Extensions, HeaderMap};

use crate::App;
use crate::listener::Peer;

/// Addresses of the network: one, or all that begin alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Net {
    address: IpAddr,
    /// So many bits are alike.
    bits: u32,
}

impl Net {
    fn holds(&self, address: IpAddr) -> bool {
        let number = |address: IpAddr| match address {
            IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, 32),
            IpAddr::V6(address) => (address.to_bits(), 128),
        };
        let ((own, length), (other, others)) = (number(self.address), number(address));
        length == others && (own ^ other).checked_shr(128 - self.bits).unwrap_or_default() == 0
    }
}

impl FromStr for Net {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write an address or a net, such as 10.0.0.7, 10.0.0.0/8 or fd00::/8".to_owned();
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.parse().map_err(|_| wrong()))?;
        if bits > most { Err(wrong()) } else { Ok(Self { address, bits }) }
    }
}

/// The address from which somebody asks, for the ledger.
pub fn address(app: &App, extensions: &Extensions, headers: &HeaderMap) -> String {
    let peer = extensions.get::<Peer>().map(|peer| peer.0.ip());
    peer.map_or("unknown".to_owned(), |peer| client(peer, headers, &app.config().trusted_proxies).to_string())
}

/// Each proxy adds whom it was asked by at the end of `X-Forwarded-For`. What stands before the last that is not trusted
/// anybody can have written.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Net]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.holds(address));
    let mut client = peer.to_canonical();
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let mut hops = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
    while is_trusted(client) {
        // What is no address was written by somebody who does not know; whoever passed it on is the last one known.
        let Some(hop) = hops.next().and_then(hop) else { break };
        client = hop.to_canonical();
    }
    client
}

/// An address, perhaps with a port.
fn hop(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let alone = || text.trim_start_matches('[').trim_end_matches(']').parse().ok();
    text.parse::<SocketAddr>().map(|address| address.ip()).ok().or_else(alone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_net_holds_what_begins_alike() {
        for (net, inside, outside) in [
            ("10.0.0.7", "10.0.0.7", "10.0.0.6"),
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("10.1.0.0/15", "10.0.9.9", "10.2.0.0"),
            ("0.0.0.0/0", "203.0.113.7", "::1"),
            ("fd00::/8", "fdff::1", "fe00::1"),
            ("::1", "::1", "::2"),
            ("::/0", "2001:db8::1", "10.0.0.1"),
        ] {
            let net: Net = net.parse().unwrap();
            assert!(net.holds(inside.parse().unwrap()), "{net:?} {inside}");
            assert!(!net.holds(outside.parse().unwrap()), "{net:?} {outside}");
        }
        for wrong in ["", "proxy", "10.0.0.0/33", "fd00::/129", "10.0.0.0/", "10.0.0.0/-1", "/8"] {
            assert!(wrong.parse::<Net>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_last_whom_nobody_trusts_is_the_client() {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
        for (peer, lines, client) in [
            ("203.0.113.7", &["198.51.100.1"][..], "203.0.113.7"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["192.0.2.66, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["192.0.2.66", "198.51.100.1, 10.9.9.9"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1:5123"], "198.51.100.1"),
            ("::1", &["\"[2001:db8::5]:443\""], "2001:db8::5"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", &["198.51.100.1, nobody, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &[" , "], "10.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            lines.iter().for_each(|line| _ = headers.append("x-forwarded-for", line.parse().unwrap()));
            let found = super::client(peer.parse().unwrap(), &headers, &trusted);
            assert_eq!(found, client.parse::<IpAddr>().unwrap(), "{peer} {lines:?}");
        }
    }
}
