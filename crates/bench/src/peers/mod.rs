//! The generated policy in the languages of other tools, as far as they can say it.

pub mod ldap2pg;
pub mod pgroles;
pub mod pgsesame;
