//! SECURITY DEFINER routines: they see what their owner sees, whoever calls them.

use super::{Differ, Scope, holders, name};
use crate::finding::Level;
use crate::state::RoleId;

/// Names every such routine that an owned role may call.
pub fn find(differ: &mut Differ<'_>, scope: &Scope<'_>) {
    let routines = scope.contents.objects.iter().enumerate();
    for (place, object) in
        routines.filter(|(_, object)| object.facts.security_definer && !object.system && !object.extension)
    {
        let own = object.schema.as_deref() == Some(crate::state::HELPER_SCHEMA);
        let callers: Vec<RoleId> = holders(differ, scope, place, object).into_keys().collect();
        if !own && !callers.is_empty() {
            let routine = name(object);
            let message = format!(
                "SECURITY DEFINER {} {routine} runs as {} and may be called by {}: it sees rows that they may not",
                object.kind.noun(),
                differ.name(object.owner),
                differ.people(&callers)
            );
            let help = "check what it shows; take EXECUTE from PUBLIC with the database's `public: { revoke: … }`";
            differ.find(Level::Warning, "definer-leaks-rows", &routine, message, help);
        }
    }
}
