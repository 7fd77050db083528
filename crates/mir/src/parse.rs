//! Reads the text form that [`crate::print`] writes (described there).
//!
//! Items are found by name in a program; names it does not have get ids past its tables, so
//! that checks can be tried on text alone. Each statement's span is its place in the text.
//! `//` starts a comment.

mod item;
mod ty;
mod value;

use base::{FileId, FxHashMap, IndexVec, Span};
use hir::items::{BodyOwner, FnId, Origin, Program};
use hir::ty::Conv;

use crate::body::{
    AssertMessage, Block, BlockId, Body, BodyAttrs, Call, CallFlow, Callee, CaptureDecl, Local, LocalDecl,
    LocalKind, Place, Source, Statement, StatementKind, Terminator, TerminatorKind,
};
use item::Items;
use value::binary;

/// What was expected, and the byte at which something else was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    pub at: usize,
    pub message: String,
}

type Result<T> = std::result::Result<T, ParseError>;

/// All bodies of a text.
pub fn parse(program: &Program, text: &str) -> Result<Vec<Body>> {
    let mut parser = Parser { text, at: 0, items: Items::new(program) };
    let mut bodies = Vec::new();
    loop {
        parser.space();
        if parser.at == text.len() {
            return Ok(bodies);
        }
        bodies.push(parser.body()?);
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    items: Items<'a>,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            if !trimmed.starts_with("//") {
                return;
            }
            self.at += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    fn error<T>(&self, message: impl Into<String>) -> Result<T> {
        Err(ParseError { at: self.at, message: message.into() })
    }

    fn eat(&mut self, token: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn expect(&mut self, token: &str) -> Result<()> {
        match self.eat(token) {
            true => Ok(()),
            false => self.error(format!("expected `{token}`")),
        }
    }

    /// A word that is not the beginning of a longer one.
    fn eat_word(&mut self, word: &str) -> bool {
        self.space();
        let rest = self.rest();
        let longer = |c: char| c.is_alphanumeric() || c == '_';
        if rest.starts_with(word) && !rest[word.len()..].starts_with(longer) {
            self.at += word.len();
            return true;
        }
        false
    }

    fn word(&mut self) -> Result<&'a str> {
        self.space();
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        if end == 0 {
            return self.error("expected a word");
        }
        self.at += end;
        Ok(&rest[..end])
    }

    fn number(&mut self) -> Result<i128> {
        self.space();
        let rest = self.rest();
        let start = usize::from(rest.starts_with('-'));
        let end = rest[start..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |end| start + end);
        match rest[..end].parse() {
            Ok(number) => {
                self.at += end;
                Ok(number)
            }
            Err(_) => self.error("expected a number"),
        }
    }

    fn index(&mut self) -> Result<u32> {
        let number = self.number()?;
        u32::try_from(number).or_else(|_| self.error("number out of range"))
    }

    fn local(&mut self) -> Result<Local> {
        self.expect("_")?;
        Ok(Local(self.index()?))
    }

    fn block_id(&mut self) -> Result<BlockId> {
        self.expect("bb")?;
        Ok(BlockId(self.index()?))
    }

    fn span_from(&self, start: usize) -> Span {
        Span::new(FileId(0), start as u32, self.at as u32)
    }

    fn body(&mut self) -> Result<Body> {
        self.expect("fn")?;
        self.space();
        let start = self.at;
        let (name, source) = self.items.body_name(self.rest());
        self.at += name.len();
        self.expect("(")?;
        let mut convs = Vec::new();
        while !self.eat(")") {
            self.local()?;
            self.expect(":")?;
            convs.push(match self.word()? {
                "val" => Conv::Val,
                "ref" => Conv::Ref,
                "mut" => Conv::Mut,
                "own" => Conv::Own,
                _ => return self.error("expected a convention"),
            });
            self.ty()?;
            self.eat(",");
        }
        self.expect("->")?;
        self.ty()?;
        let ret_origins = self.origins("from")?;
        self.expect("{")?;
        let mut captures = Vec::new();
        while self.eat_word("capture") {
            let at = self.at;
            let name = base::Name::new(self.word()?);
            self.expect(":")?;
            let ty = self.ty()?;
            self.expect(";")?;
            captures.push(CaptureDecl { name, ty, span: self.span_from(at) });
        }
        let mut locals: IndexVec<Local, LocalDecl> = IndexVec::new();
        while self.eat_word("let") {
            let decl = self.local_decl(locals.next_id(), convs.len())?;
            locals.push(decl);
        }
        let mut blocks = IndexVec::new();
        while !self.eat("}") {
            let id = self.block_id()?;
            if id != blocks.next_id() {
                return self.error("blocks are numbered in order");
            }
            let cleanup = self.eat("(cleanup)");
            self.expect(":")?;
            self.expect("{")?;
            blocks.push(self.block(cleanup)?);
        }
        self.known_ids(&locals, &blocks)?;
        Ok(Body {
            source: source.unwrap_or(Source::Owner(BodyOwner::Fn(FnId(u32::MAX)))),
            name: name.to_string(),
            span: self.span_from(start),
            locals,
            arg_count: convs.len(),
            convs,
            blocks,
            ret_origins,
            captures,
            attrs: BodyAttrs::default(),
        })
    }

    /// Every local and block named exists.
    fn known_ids(
        &self,
        locals: &IndexVec<Local, LocalDecl>,
        blocks: &IndexVec<BlockId, Block>,
    ) -> Result<()> {
        let mut bad = None;
        let mut place = |p: &Place, _: crate::visit::Access| {
            let indices = crate::visit::index_locals(p);
            for local in std::iter::once(p.local).chain(indices) {
                if local.0 as usize >= locals.len() {
                    bad = Some(format!("there is no local {local:?}"));
                }
            }
        };
        for block in blocks.iter() {
            block.statements.iter().for_each(|s| crate::visit::statement_places(s, &mut place));
            crate::visit::terminator_places(&block.terminator, &mut place);
        }
        for block in blocks.iter() {
            block.terminator.kind.each_successor(|b| {
                if b.0 as usize >= blocks.len() {
                    bad = Some(format!("there is no block {b:?}"));
                }
            });
        }
        match bad {
            Some(message) => self.error(message),
            None => Ok(()),
        }
    }

    fn local_decl(&mut self, id: Local, args: usize) -> Result<LocalDecl> {
        let mutable = self.eat_word("mut");
        let by_ref = self.eat_word("by_ref");
        self.space();
        let start = self.at;
        if self.local()? != id {
            return self.error("locals are numbered in order");
        }
        self.expect(":")?;
        let ty = self.ty()?;
        self.space();
        let name = match self.rest().starts_with('"') {
            true => Some(base::Name::new(&self.string()?)),
            false => None,
        };
        let span = self.span_from(start);
        self.expect(";")?;
        // The kind is in the comment.
        let line = self.rest().lines().next().unwrap_or("");
        let kind = if id.0 == 0 {
            LocalKind::Return
        } else if id.0 as usize <= args {
            LocalKind::Arg
        } else if line.contains("drop flag") {
            LocalKind::Flag
        } else if line.contains("variable") || (name.is_some() && !line.contains("temporary")) {
            LocalKind::User
        } else {
            LocalKind::Temp
        };
        Ok(LocalDecl { ty, name, span, mutable, by_ref, kind })
    }

    fn origins(&mut self, word: &str) -> Result<Vec<Origin>> {
        let mut list = Vec::new();
        if !self.eat_word(word) {
            return Ok(list);
        }
        self.expect("(")?;
        while !self.eat(")") {
            let outer = self.word()?;
            let index = self.index()?;
            list.push(match outer {
                "outer" => Origin::Outer(index),
                "held" => Origin::Held(index),
                _ => return self.error("expected `outer` or `held`"),
            });
            self.eat(",");
        }
        Ok(list)
    }

    fn block(&mut self, cleanup: bool) -> Result<Block> {
        let mut statements = Vec::new();
        loop {
            self.space();
            let start = self.at;
            if let Some(kind) = self.terminator()? {
                let span = self.span_from(start);
                self.expect(";")?;
                self.expect("}")?;
                return Ok(Block { statements, terminator: Terminator { kind, span }, cleanup });
            }
            let kind = self.statement()?;
            // A call is an assignment up to its right side.
            if let Step::Call(kind) = kind {
                let span = self.span_from(start);
                self.expect(";")?;
                self.expect("}")?;
                return Ok(Block { statements, terminator: Terminator { kind, span }, cleanup });
            }
            if let Step::Statement(kind) = kind {
                statements.push(Statement { kind, span: self.span_from(start) });
            }
            self.expect(";")?;
        }
    }

    fn statement(&mut self) -> Result<Step> {
        let kind = if self.eat("StorageLive(") {
            StatementKind::StorageLive(self.local()?)
        } else if self.eat("StorageDead(") {
            StatementKind::StorageDead(self.local()?)
        } else if self.eat("FakeRead(") {
            StatementKind::FakeRead(self.place()?)
        } else if self.eat_word("nop") {
            return Ok(Step::Statement(StatementKind::Nop));
        } else {
            let place = self.place()?;
            self.expect("=")?;
            if self.eat_word("call") {
                return Ok(Step::Call(self.call(place)?));
            }
            return Ok(Step::Statement(StatementKind::Assign(place, self.rvalue()?)));
        };
        self.expect(")")?;
        Ok(Step::Statement(kind))
    }

    fn terminator(&mut self) -> Result<Option<TerminatorKind>> {
        let kind = if self.eat_word("goto") {
            self.expect("->")?;
            TerminatorKind::Goto(self.block_id()?)
        } else if self.eat_word("switch") {
            let value = self.operand()?;
            self.expect("->")?;
            self.expect("[")?;
            let mut targets = Vec::new();
            while !self.eat_word("else") {
                let rest = self.rest();
                let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                let Ok(number) = rest[..digits].parse::<u128>() else {
                    return self.error("expected a value to switch on");
                };
                self.at += digits;
                self.expect(":")?;
                targets.push((number, self.block_id()?));
                self.eat(",");
                self.space();
            }
            self.expect(":")?;
            let otherwise = self.block_id()?;
            self.expect("]")?;
            TerminatorKind::Switch { value, targets, otherwise }
        } else if self.eat_word("return") {
            TerminatorKind::Return
        } else if self.eat_word("resume") {
            TerminatorKind::Resume
        } else if self.eat_word("unreachable") {
            TerminatorKind::Unreachable
        } else if self.eat("drop(") {
            let place = self.place()?;
            self.expect(")")?;
            let (Some(target), unwind) = self.targets()? else {
                return self.error("a drop returns");
            };
            TerminatorKind::Drop { place, target, unwind }
        } else if self.eat("assert(") {
            let condition = self.operand()?;
            self.expect("==")?;
            let expected = match self.word()? {
                "true" => true,
                "false" => false,
                _ => return self.error("expected `true` or `false`"),
            };
            self.expect(",")?;
            let message = self.assert_message()?;
            self.expect(")")?;
            let (Some(target), unwind) = self.targets()? else {
                return self.error("an assertion returns");
            };
            TerminatorKind::Assert { condition, expected, message, target, unwind }
        } else {
            return Ok(None);
        };
        Ok(Some(kind))
    }

    fn assert_message(&mut self) -> Result<AssertMessage> {
        Ok(if self.eat_word("overflow") {
            let op = self.word()?;
            match binary(op) {
                Some(op) => AssertMessage::Overflow(op),
                None if op == "Neg" => AssertMessage::OverflowNeg,
                None => return self.error("expected an operator"),
            }
        } else if self.eat("division by zero") {
            AssertMessage::DivisionByZero
        } else if self.eat("remainder by zero") {
            AssertMessage::RemainderByZero
        } else if self.eat_word("shift") {
            AssertMessage::Shift
        } else if self.eat_word("unreachable") {
            AssertMessage::Unreachable
        } else {
            self.expect("bounds")?;
            let index = self.operand()?;
            self.expect("of")?;
            AssertMessage::Bounds { index, len: self.operand()? }
        })
    }

    fn targets(&mut self) -> Result<(Option<BlockId>, Option<BlockId>)> {
        self.expect("->")?;
        self.expect("[")?;
        let target = match self.eat_word("never") {
            true => None,
            false => {
                self.expect("return:")?;
                Some(self.block_id()?)
            }
        };
        let unwind = match self.eat(", unwind:") {
            true => Some(self.block_id()?),
            false => None,
        };
        self.expect("]")?;
        Ok((target, unwind))
    }

    fn call(&mut self, destination: Place) -> Result<TerminatorKind> {
        let callee = self.callee()?;
        self.expect("(")?;
        let args = self.operands(")")?;
        let ret_origins = self.origins("from")?;
        let mut absorbing = Vec::new();
        if self.eat("absorbing(") {
            while !self.eat(")") {
                absorbing.push(self.index()?);
                self.eat(",");
            }
        }
        let (target, unwind) = self.targets()?;
        let flow = CallFlow { ret_origins, absorbing };
        Ok(TerminatorKind::Call(Box::new(Call { callee, args, destination, target, unwind, flow })))
    }

    fn callee(&mut self) -> Result<Callee> {
        if self.eat_word("value") {
            let ty = self.ty()?;
            self.expect("as")?;
            let sig = self.sig()?;
            return Ok(Callee::Value { ty, sig });
        }
        self.space();
        if self.rest().starts_with("{closure ") {
            let (id, args) = self.closure()?;
            return Ok(Callee::Closure { id, args });
        }
        let of_trait = self.eat_word("trait");
        let of_dyn = !of_trait && self.eat_word("dyn");
        self.space();
        let (name, id) = self.items.function(self.rest());
        if name.is_empty() {
            return self.error("expected a function");
        }
        self.at += name.len();
        let args = self.args()?;
        let trait_ = self.items.trait_of(id);
        Ok(match (of_trait, of_dyn) {
            (true, _) => Callee::TraitMethod { trait_, method: id, args },
            (_, true) => Callee::DynMethod { trait_, method: id, args },
            _ => Callee::Fn { id, args },
        })
    }
}

enum Step {
    Statement(StatementKind),
    Call(TerminatorKind),
}

/// Ids for names that the program does not have.
type Unknown = FxHashMap<String, u32>;
