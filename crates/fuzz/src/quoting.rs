//! Any text as a name and as a value: refused, or one token of SQL that says the same text again.

use crate::postgres::quote::{Ident, Literal};

use crate::lexer::{Token, tokens};

/// The bytes up to the first `0xff` are a value, those after it a name.
pub fn run(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == 0xff).map(String::from_utf8_lossy);
    let value = parts.next().unwrap_or_default();
    let name = parts.next().unwrap_or_default();
    if let (Ok(ident), Ok(literal)) = (Ident::new(&name), Literal::new(&value)) {
        together(&name, &ident, &value, &literal);
    }
    // A role's name is a name, and says so as a value too.
    if let Ok(role) = Ident::role(&name) {
        assert_eq!(tokens(&role.literal().to_string()), Ok(vec![Token::Text(name.into_owned())]));
    }
}

fn together(name: &str, ident: &Ident, value: &str, literal: &Literal) {
    let found = tokens(&format!("x.{ident}={literal},{ident} {literal};"));
    let ident = || match ident.to_string().starts_with('"') {
        true => Token::Quoted(name.to_owned()),
        false => Token::Word(name.to_owned()),
    };
    let value = || Token::Text(value.to_owned());
    let sign = Token::Sign;
    let wanted = vec![
        Token::Word("x".to_owned()),
        sign('.'),
        ident(),
        sign('='),
        value(),
        sign(','),
        ident(),
        value(),
        sign(';'),
    ];
    assert_eq!(found, Ok(wanted));
}
