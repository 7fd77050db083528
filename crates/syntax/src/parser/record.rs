//! What the parser notes for the formatter: the roles of ambiguous tokens, and where blocks and
//! their elements begin and end.

use crate::ast::BlockStyle;

/// What tokens turned out to be, for the formatter.
#[derive(Default)]
pub(crate) struct Record {
    /// For each token without trivia, [`role`] bits.
    pub roles: Vec<u8>,
    /// Where blocks and their elements begin and end, in order.
    pub events: Vec<Event>,
}

pub(crate) mod role {
    /// An operator before its operand.
    pub const PREFIX: u8 = 1;
    /// An opening bracket that belongs to what stands before it.
    pub const GLUED: u8 = 2;
    /// The `|` that opens a closure's parameters.
    pub const BAR_OPEN: u8 = 4;
    /// The `|` (or `||`) that closes them.
    pub const BAR_CLOSE: u8 = 8;
    /// The `]` of an attribute line.
    pub const ATTRIBUTE_END: u8 = 16;
}

/// A boundary, just before the token at `pos`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub pos: usize,
    pub kind: EventKind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum EventKind {
    Open(BlockStyle),
    Close,
    Start,
    End,
}
