//! Which object each place of a body is: places to [`Path`]s.
//!
//! Flow-insensitive, by the one assignment that a local has: most locals of MIR are temporaries or
//! never assigned again. One with several assignments is not known, but for what its own fields are called.

use base::{FxHashMap, Idx};
use hir::items::{AdtId, Program};
use hir::ty::{Ty, TyKind};

use super::ops::Op;
use super::path::{Class, Path, Root, Step};
use super::summary::Summaries;
use super::types::Types;
use crate::body::{
    Aggregate, BlockId, Body, Call, ConstKind, Local, LocalKind, Operand, Place, Projection, RETURN, Rvalue,
    StatementKind, TerminatorKind,
};
use crate::mono::{self, FuncId, Target};
use crate::place::PlaceTy;

/// The one assignment of a local.
#[derive(Clone, Copy)]
pub enum Def<'a> {
    Rvalue(&'a Rvalue),
    Call(BlockId, &'a Call),
}

pub struct Resolver<'a> {
    items: &'a Program,
    program: &'a mono::Program,
    summaries: &'a Summaries,
    types: &'a Types<'a>,
    pub id: FuncId,
    pub body: &'a Body,
    defs: Vec<Defs<'a>>,
    known: FxHashMap<Local, Path>,
    /// Being resolved: a loop of moves.
    busy: Vec<Local>,
}

#[derive(Clone)]
struct Defs<'a> {
    one: Option<Def<'a>>,
    count: u32,
    /// A field is assigned or the whole is borrowed exclusively: its parts may not be what they were.
    changes: bool,
}

impl<'a> Resolver<'a> {
    pub fn new(
        items: &'a Program,
        program: &'a mono::Program,
        summaries: &'a Summaries,
        types: &'a Types<'a>,
        id: FuncId,
    ) -> Resolver<'a> {
        let body: &Body = &program.functions[id].body;
        let mut defs = vec![Defs { one: None, count: 0, changes: false }; body.locals.len()];
        let mut note = |place: &Place, def: Def<'a>| {
            let entry = &mut defs[place.local.index()];
            if place.projection.is_empty() {
                entry.count += 1;
                entry.one = Some(def);
            } else if !place.is_indirect() {
                entry.changes = true;
            }
        };
        for (id, block) in body.blocks.iter_enumerated() {
            if block.cleanup {
                continue;
            }
            for statement in &block.statements {
                if let StatementKind::Assign(place, rvalue) = &statement.kind {
                    note(place, Def::Rvalue(rvalue));
                }
            }
            if let TerminatorKind::Call(call) = &block.terminator.kind {
                note(&call.destination, Def::Call(id, call));
            }
        }
        for block in body.blocks.iter() {
            for statement in &block.statements {
                if let StatementKind::Assign(
                    _,
                    Rvalue::Ref { mutability: hir::ty::Mutability::Mut, place, .. },
                ) = &statement.kind
                    && !place.is_indirect()
                {
                    defs[place.local.index()].changes = true;
                }
            }
        }
        Resolver {
            items,
            program,
            summaries,
            types,
            id,
            body,
            defs,
            known: FxHashMap::default(),
            busy: Vec::new(),
        }
    }

    pub fn def(&self, local: Local) -> Option<Def<'a>> {
        let defs = &self.defs[local.index()];
        if defs.count == 1 { defs.one } else { None }
    }

    pub fn operand(&mut self, operand: &Operand) -> Path {
        match operand {
            Operand::Copy(place) | Operand::Move(place) => self.place(place),
            Operand::Const(constant) => match constant.kind {
                ConstKind::Static(id) => Path::new(Root::Static(id)),
                _ => Path::vague(),
            },
        }
    }

    pub fn place(&mut self, place: &Place) -> Path {
        let mut path = self.local(place.local);
        let mut ty = PlaceTy { ty: self.body.locals[place.local].ty, variant: None };
        for &projection in &place.projection {
            let step = match projection {
                Projection::Deref | Projection::Downcast(_) => None,
                Projection::Field(index, _) => Some(Step::Field {
                    owner: self.owner(ty),
                    variant: ty.variant.map_or(0, |v| v.index() as u32),
                    index: index.index() as u32,
                }),
                Projection::Index(local) => Some(Step::Element(self.constant(local))),
                Projection::ConstIndex { offset, from_end: false } => {
                    Some(Step::Element(Some(offset as i128)))
                }
                Projection::ConstIndex { .. } => Some(Step::Element(None)),
            };
            ty = ty.project(projection);
            if let Some(step) = step {
                path = self.step(path, step);
            }
        }
        path
    }

    /// The user's type whose field comes next.
    fn owner(&self, ty: PlaceTy) -> Option<AdtId> {
        match *ty.ty.peel_refs().kind() {
            TyKind::Adt(adt, _) if self.items.mods[self.items.adts[adt].module].package != 0 => Some(adt),
            _ => None,
        }
    }

    pub fn constant(&self, local: Local) -> Option<i128> {
        match self.def(local)? {
            Def::Rvalue(Rvalue::Use(Operand::Const(constant))) => match constant.kind {
                ConstKind::Int(n) => Some(n),
                _ => None,
            },
            Def::Rvalue(Rvalue::Use(Operand::Copy(place)) | Rvalue::Cast(_, Operand::Copy(place), _)) => {
                self.constant(place.as_local()?)
            }
            _ => None,
        }
    }

    pub fn local(&mut self, local: Local) -> Path {
        if let Some(path) = self.known.get(&local) {
            return path.clone();
        }
        if self.busy.contains(&local) {
            return Path::vague();
        }
        self.busy.push(local);
        let path = self.find(local);
        self.busy.pop();
        self.known.insert(local, path.clone());
        path
    }

    fn find(&mut self, local: Local) -> Path {
        let made = Path::new(Root::Made(self.id, local));
        let defs = &self.defs[local.index()];
        if self.body.locals[local].kind == LocalKind::Arg {
            return if defs.count == 0 { Path::new(Root::Param(local.0 - 1)) } else { Path::vague() };
        }
        if defs.count != 1 {
            return Path::vague();
        }
        match defs.one {
            Some(Def::Rvalue(rvalue)) => match rvalue {
                Rvalue::Use(operand) | Rvalue::Cast(_, operand, _) | Rvalue::Coerce(_, operand, _) => {
                    match operand {
                        Operand::Const(constant) if !matches!(constant.kind, ConstKind::Static(_)) => made,
                        operand => self.operand(operand),
                    }
                }
                Rvalue::Ref { place, .. } | Rvalue::RawRef(place) => self.place(place),
                Rvalue::Subslice { place, .. } => self.place(place).then(Step::Element(None)),
                _ => made,
            },
            Some(Def::Call(block, call)) => match self.result(block, call) {
                Some(path) => path,
                None if self.makes(block) || !self.types.may_alias(self.body.locals[local].ty) => made,
                None => Path::new(Root::Alias(self.id, local)),
            },
            None => made,
        }
    }

    /// Whether a call is an operation that makes what it gives.
    fn makes(&self, block: BlockId) -> bool {
        match &self.program.functions[self.id].targets[block.index()] {
            Some(Target::Function(callee)) => self.summaries.op(*callee).is_some_and(Op::makes),
            _ => false,
        }
    }

    /// The object that a call gives, if it is one that is known already.
    fn result(&mut self, block: BlockId, call: &Call) -> Option<Path> {
        let Some(Target::Function(callee)) = &self.program.functions[self.id].targets[block.index()] else {
            return None;
        };
        match self.summaries.op(*callee) {
            Some(Op::SameHandle | Op::Messages) => Some(self.operand(call.args.first()?)),
            Some(Op::Pointee) => {
                let handle = self.operand(call.args.first()?);
                Some(self.step(handle, Step::Pointee))
            }
            Some(Op::Guarded) => {
                let guard = self.operand(call.args.first()?);
                Some(self.step(guard, Step::Inside))
            }
            Some(Op::Element) => Some(self.operand(call.args.first()?).then(Step::Element(None))),
            Some(_) => None,
            None => {
                let path = self.summaries.of(*callee)?.result.clone()?;
                Some(self.instantiate(&path, &call.args))
            }
        }
    }

    /// A path of a callee's in terms of the caller's.
    pub fn instantiate(&mut self, path: &Path, args: &[Operand]) -> Path {
        let base = match path.root {
            Root::Param(i) => match args.get(i as usize) {
                Some(arg) => self.operand(arg),
                None => Path::vague(),
            },
            root => Path::new(root),
        };
        let mut found = path.steps.iter().fold(base, |base, &step| self.step(base, step));
        found.label = found.label.or(path.label);
        found
    }

    /// A step from a path; from a value that was put together here it leads to what was put in.
    pub fn step(&mut self, path: Path, step: Step) -> Path {
        if let Root::Made(function, local) = path.root
            && function == self.id
            && path.steps.is_empty()
            && !self.busy.contains(&local)
        {
            match (self.def(local), step) {
                (Some(Def::Rvalue(Rvalue::Aggregate(aggregate, operands))), _)
                    if !self.defs[local.index()].changes =>
                {
                    let found = match (aggregate, step) {
                        (Aggregate::Adt { variant: made, .. }, Step::Field { variant, index, .. })
                            if made.index() as u32 == variant =>
                        {
                            operands.get(index as usize)
                        }
                        (Aggregate::Tuple | Aggregate::Closure { .. }, Step::Field { index, .. }) => {
                            operands.get(index as usize)
                        }
                        (Aggregate::Array(_) | Aggregate::List(_), Step::Element(Some(n))) => {
                            operands.get(n as usize)
                        }
                        _ => None,
                    };
                    if let Some(operand @ (Operand::Move(_) | Operand::Copy(_))) = found {
                        let mut found = self.operand(operand);
                        if let Step::Field { owner: Some(adt), variant, index } = step {
                            found.label = Some(Class::Field(adt, variant, index));
                        }
                        return found;
                    }
                }
                (Some(Def::Call(block, call)), Step::Pointee | Step::Inside | Step::Lock) => {
                    if let Some(Target::Function(callee)) =
                        &self.program.functions[self.id].targets[block.index()]
                        && let Some(op) = self.summaries.op(*callee)
                        && let Some(argument @ (Operand::Move(_) | Operand::Copy(_))) = call.args.first()
                    {
                        match op {
                            Op::Wrap if step != Step::Lock => return self.operand(argument),
                            Op::Lock(_) | Op::Taken => {
                                let lock = self.operand(argument);
                                return if step == Step::Lock { lock } else { self.step(lock, step) };
                            }
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        path.then(step)
    }

    /// The object that the function gives back, if it is an argument's or a static.
    pub fn returned(&mut self) -> Option<Path> {
        let defs = &self.defs[RETURN.index()];
        if defs.count != 1 {
            return None;
        }
        let path = self.local(RETURN);
        matches!(path.root, Root::Param(_) | Root::Static(_)).then_some(path)
    }

    /// The actor state whose reply a local holds.
    pub fn asked(&self, local: Local) -> Option<Ty> {
        match self.def(local)? {
            Def::Call(block, call) => {
                let Some(Target::Function(callee)) = &self.program.functions[self.id].targets[block.index()]
                else {
                    return None;
                };
                match self.summaries.op(*callee) {
                    // The mailbox says whose.
                    Some(Op::Ask) => super::channels::message(call.args.first()?.ty(&self.body.locals)),
                    Some(_) => None,
                    None => self.summaries.of(*callee)?.asked,
                }
            }
            Def::Rvalue(Rvalue::Use(Operand::Move(place))) => self.asked(place.as_local()?),
            Def::Rvalue(_) => None,
        }
    }

    /// What a closure holds.
    pub fn captures(&mut self, closure: &Operand) -> Vec<Path> {
        let local = closure.place().and_then(|place| place.as_local());
        match local.and_then(|local| self.def(local)) {
            Some(Def::Rvalue(Rvalue::Aggregate(_, operands))) => {
                operands.iter().map(|o| self.operand(o)).collect()
            }
            Some(Def::Rvalue(Rvalue::Use(inner @ Operand::Move(_)))) => self.captures(inner),
            _ => Vec::new(),
        }
    }

    /// The receiving ends of channels in a value that was put together here.
    pub fn receivers(&mut self, local: Local) -> Vec<Path> {
        let mut found = Vec::new();
        let mut seen = vec![local];
        let mut work = vec![local];
        while let Some(local) = work.pop() {
            let parts: Vec<&Operand> = match self.def(local) {
                Some(Def::Rvalue(Rvalue::Aggregate(_, operands))) => operands.iter().collect(),
                Some(Def::Rvalue(Rvalue::Use(operand))) => vec![operand],
                Some(Def::Call(block, call)) if self.is_wrap(block) => call.args.iter().collect(),
                _ => Vec::new(),
            };
            for part in parts {
                if !self.types.holds_end(part.ty(&self.body.locals)) {
                    continue;
                }
                let path = self.operand(part);
                match (path.root, &path.steps[..]) {
                    (Root::Made(function, _), &[Step::Field { owner: None, index: 1, .. }])
                        if function == self.id =>
                    {
                        found.push(path);
                    }
                    (Root::Made(function, inner), []) if function == self.id && !seen.contains(&inner) => {
                        seen.push(inner);
                        work.push(inner);
                    }
                    _ => {}
                }
            }
        }
        found
    }

    fn is_wrap(&self, block: BlockId) -> bool {
        match &self.program.functions[self.id].targets[block.index()] {
            Some(Target::Function(callee)) => self.summaries.op(*callee) == Some(Op::Wrap),
            _ => false,
        }
    }
}
