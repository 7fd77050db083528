//! Items of std that the compiler knows by role, found by `[lang = "name"]`, never by path.

use base::FxHashMap;

use crate::items::{AdtId, Def, FnId, TraitId};

/// The marked items. A missing one is a bug of std, reported once by the driver.
#[derive(Debug, Default)]
pub struct LangItems {
    pub items: FxHashMap<&'static str, Def>,
}

/// Every role there is; `[lang = "…"]` with another name is refused.
pub const NAMES: &[&str] = &[
    // types
    "Option",
    "Result",
    "DeadlineExit",
    "error",
    "Box",
    "Range",
    "RangeInclusive",
    "RangeFrom",
    "RangeTo",
    "RangeToInclusive",
    "RangeFull",
    "Ordering",
    "Formatter",
    "MutSlice",
    "SelectSet",
    "Sender",
    "Receiver",
    "Thread",
    "Future",
    "Kept",
    "Task",
    "TaskScope",
    "Mailbox",
    "Me",
    "MailboxFull",
    "Reply",
    "ActorEnd",
    "Duration",
    "UnsafeCell",
    "MaybeUninit",
    // traits
    "Copy",
    "Clone",
    "Drop",
    "Deref",
    "DerefMut",
    "Iterator",
    "IntoIterator",
    "Iterable",
    "IterableMut",
    "Display",
    "Debug",
    "Default",
    "Eq",
    "Ord",
    "Hash",
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Rem",
    "Neg",
    "Not",
    "BitAnd",
    "BitOr",
    "BitXor",
    "Shl",
    "Shr",
    "AddAssign",
    "SubAssign",
    "MulAssign",
    "DivAssign",
    "RemAssign",
    "BitAndAssign",
    "BitOrAssign",
    "BitXorAssign",
    "ShlAssign",
    "ShrAssign",
    "Index",
    "IndexMut",
    "Send",
    "From",
    "IntoError",
    "Termination",
    "Awaitable",
    "Underway",
    "Lent",
    "ActorState",
    "Actor",
    // functions
    "drop_list",
    "drop_string",
    "channel",
    "bounded_channel",
    "contract_failed",
    "contract_error",
    "string_slice",
    "list_slice",
    "list_slice_mut",
    "array_slice_mut",
    "list_repeat",
    "string_concat",
    "string_eq",
    "main_result",
    "go",
    "later",
    "join",
    "join3",
    "join4",
    "race",
    "start_future",
    "not_started",
    "shield",
    "start_actor",
    "nobody",
    "deadline",
    "lock_all",
    "lock_list",
    "lock3",
    "lock4",
    "lock5",
    "lock6",
];

impl LangItems {
    pub fn get(&self, name: &str) -> Option<Def> {
        self.items.get(name).copied()
    }

    pub fn adt(&self, name: &str) -> Option<AdtId> {
        match self.get(name) {
            Some(Def::Adt(id)) => Some(id),
            _ => None,
        }
    }

    pub fn trait_(&self, name: &str) -> Option<TraitId> {
        match self.get(name) {
            Some(Def::Trait(id)) => Some(id),
            _ => None,
        }
    }

    pub fn function(&self, name: &str) -> Option<FnId> {
        match self.get(name) {
            Some(Def::Fn(id)) => Some(id),
            _ => None,
        }
    }
}
