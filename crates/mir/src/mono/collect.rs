//! The worklist: from the roots to every instance they reach.
//!
//! An [`Instance`] is what gets a function of its own. The one thing to know: an instance gets
//! its number when first mentioned and its body when its turn comes, so numbers, and with them
//! symbols and the order of code, depend only on the program.

use std::sync::Arc;

use base::{Diagnostic, FxHashMap, FxHashSet, Idx, IndexVec, Name, Span};
use hir::items::{self, AdtId, BodyOwner, ConstId, FnId, StaticId, VariantIdx};
use hir::traits::Solver;
use hir::ty::{FnSig, Ty, TyKind, Tys};

use super::{FuncId, Function, Program, Role, Static, StaticIdx, Target, symbols};
use crate::body::{
    Body, ConstKind, Constant, Operand, Rvalue, Source, StatementKind, TerminatorKind, Value, ValueKind,
};

/// Gives the generic body of a source, with drops elaborated.
pub type Bodies<'a> = dyn Fn(Source) -> Option<Arc<Body>> + 'a;

/// Where a program begins.
#[derive(Clone, Debug, Default)]
pub struct Roots {
    pub main: Option<FnId>,
    pub tests: Vec<FnId>,
    /// Functions without type parameters that are looked at, too.
    pub others: Vec<FnId>,
    /// Constants to be computed: `const` items and associated constants.
    pub constants: Vec<BodyOwner>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Instance {
    /// A function's, closure's, constant's or static's body with its generic arguments.
    Body(Source, Tys),
    Constructor(AdtId, VariantIdx, Tys),
    DropGlue(Ty),
    /// `clone` of a tuple or closure.
    CloneParts(Ty),
    /// Calls a callable value that is given by value though it only needs a borrow, and drops it.
    CallOnce(Ty, FnSig),
    /// A trait's method of a concrete type, called with the address of the value on the heap.
    DynMethod {
        method: FnId,
        args: Tys,
    },
    /// A callable value's code behind a `dyn fn`.
    DynCall(Ty, FnSig),
    /// `fn(env)` that moves a callable out of `*env` and calls it.
    Trampoline(Ty),
    /// `fn(env, out)` that also leaves the result at `*out`: a closure's type, its result's.
    TaskRoot(Ty, Ty),
    /// Gives all statics their values.
    Init,
    /// `fn() -> i32` around `main`.
    Main(FnId),
    Test(FnId),
}

pub(super) struct Collector<'a> {
    pub items: &'a items::Program,
    pub solver: Solver<'a>,
    pub bodies: &'a Bodies<'a>,
    pub out: Program,
    pub ids: FxHashMap<Instance, FuncId>,
    pub instances: IndexVec<FuncId, Instance>,
    functions: IndexVec<FuncId, Option<Function>>,
    pub statics: Vec<(StaticId, Ty, FuncId)>,
    /// Which statics a function mentions.
    static_uses: FxHashMap<FuncId, Vec<StaticId>>,
    /// Constants with a plain value.
    literals: FxHashMap<ConstId, Option<Constant>>,
    pub needs_drop: FxHashMap<Ty, bool>,
    pub noted: FxHashSet<Ty>,
    pub symbols: FxHashMap<String, u32>,
    /// Depth and size of types.
    pub extents: FxHashMap<Ty, (usize, usize)>,
    pub diagnostics: Vec<Diagnostic>,
    /// The instance being worked on.
    pub current: Name,
    /// Set when types grow without end.
    pub overflow: bool,
}

/// Specialises what the roots reach. Fails only on polymorphic recursion, or on what an earlier
/// stage should have refused.
pub fn collect(
    program: &items::Program,
    solver: Solver<'_>,
    bodies: &Bodies<'_>,
    roots: &Roots,
) -> Result<Program, Vec<Diagnostic>> {
    let mut c = Collector {
        items: program,
        solver,
        bodies,
        out: Program::default(),
        ids: FxHashMap::default(),
        instances: IndexVec::new(),
        functions: IndexVec::new(),
        statics: Vec::new(),
        static_uses: FxHashMap::default(),
        literals: FxHashMap::default(),
        needs_drop: FxHashMap::default(),
        noted: FxHashSet::default(),
        symbols: FxHashMap::default(),
        extents: FxHashMap::default(),
        diagnostics: Vec::new(),
        current: Name::new(""),
        overflow: false,
    };
    // Reserved names of the entry points.
    for name in ["main", "altru.main", "altru.init"] {
        c.symbols.insert(name.to_owned(), 1);
    }
    let init = c.func(Instance::Init);
    if let Some(main) = roots.main {
        c.out.main = Some(c.func(Instance::Main(main)));
    }
    for &test in &roots.tests {
        let id = c.func(Instance::Test(test));
        c.out.tests.push(id);
    }
    for &other in &roots.others {
        let id = c.body_func(BodyOwner::Fn(other), &[]);
        c.out.others.push(id);
    }
    for &owner in &roots.constants {
        let func = c.body_func(owner, &[]);
        c.out.constants.push((owner, func));
    }
    // `Init` comes last: it needs to know every static.
    let mut next = 1;
    while next < c.instances.len() && !c.overflow {
        c.build(FuncId::new(next));
        next += 1;
    }
    c.order_statics();
    c.build(init);
    // What initialising brings in: nothing but what the statics' own functions did.
    while next < c.instances.len() && !c.overflow {
        c.build(FuncId::new(next));
        next += 1;
    }
    if !c.diagnostics.is_empty() {
        return Err(c.diagnostics);
    }
    let mut out = c.out;
    out.functions = c.functions.into_vec().into_iter().flatten().collect();
    out.waits = super::Waits::infer(&out);
    let refused = super::waits::check(&out);
    super::turns::insert(&mut out);
    if refused.is_empty() { Ok(out) } else { Err(refused) }
}

impl<'a> Collector<'a> {
    /// The number of an instance, given when first asked for.
    pub fn func(&mut self, instance: Instance) -> FuncId {
        if let Some(&id) = self.ids.get(&instance) {
            return id;
        }
        let id = self.instances.push(instance);
        self.functions.push(None);
        self.ids.insert(instance, id);
        id
    }

    pub fn body_func(&mut self, owner: BodyOwner, args: Tys) -> FuncId {
        self.func(Instance::Body(Source::Owner(owner), args))
    }

    /// Something an earlier stage should have seen to.
    pub fn bug(&mut self, span: Span, message: impl std::fmt::Display) {
        let text = format!("not supported yet: {message} (in `{}`)", self.current);
        if !self.diagnostics.iter().any(|d| d.message == text) {
            self.diagnostics.push(Diagnostic::error(base::codes::E0901, span, text));
        }
    }

    fn build(&mut self, id: FuncId) {
        let instance = self.instances[id];
        let (generic, args, role) = match instance {
            Instance::Body(source, args) => {
                let role = match source {
                    Source::Closure(_) => Role::Closure,
                    Source::Owner(BodyOwner::Fn(_)) => Role::User,
                    Source::Owner(_) => Role::Const,
                };
                let role = match source {
                    Source::Owner(BodyOwner::Static(_)) => Role::Glue,
                    _ => role,
                };
                match (self.bodies)(source) {
                    Some(body) => (body, args, role),
                    None => {
                        let name = crate::names::body_name(self.items, source);
                        self.bug(Span::default(), format!("`{name}` has no body"));
                        return;
                    }
                }
            }
            Instance::Main(_) | Instance::Test(_) | Instance::Trampoline(_) | Instance::TaskRoot(..) => {
                let made = self.make_body(instance);
                (Arc::new(made), &[][..], Role::Entry)
            }
            _ => {
                let made = self.make_body(instance);
                (Arc::new(made), &[][..], Role::Glue)
            }
        };
        self.current = Name::new(&generic.name);
        let function = self.specialise(id, &generic, args, role);
        self.functions[id] = Some(function);
    }

    fn specialise(&mut self, id: FuncId, generic: &Body, args: Tys, role: Role) -> Function {
        let symbol = match self.instances[id] {
            Instance::Init => "altru.init".to_owned(),
            Instance::Main(_) => "altru.main".to_owned(),
            Instance::Test(f) => {
                let index = self.out.tests.iter().position(|&t| t == id).unwrap_or(0);
                let _ = f;
                format!("altru.test.{index}")
            }
            _ => {
                let name = symbols::symbol(self.items, &generic.name, args);
                let seen = self.symbols.entry(name.clone()).or_insert(0);
                *seen += 1;
                if *seen == 1 { name } else { format!("{name}.{seen}") }
            }
        };
        let mut body = generic.clone();
        if let Instance::DynMethod { .. } | Instance::DynCall(..) = self.instances[id] {
            body.attrs.track_caller = false;
        }
        let literal_strings = super::literals::literal_strings(&body);
        let mut types = TypeMap { args, cache: FxHashMap::default() };
        self.map_body(&mut body, &mut types);
        let mut work = super::resolve::FunctionWork::new(id, body);
        for i in 0..work.body.blocks.len() {
            self.resolve_block(&mut work, crate::body::BlockId::new(i), &literal_strings);
        }
        for i in 0..work.body.locals.len() {
            let ty = work.body.locals[crate::body::Local::new(i)].ty;
            self.note_type(ty);
        }
        Function {
            symbol,
            body: Arc::new(work.body),
            targets: work.targets,
            constants: work.constants,
            addresses: work.addresses,
            tasks: work.tasks,
            role,
            merged: Default::default(),
        }
    }

    // ---- types

    pub fn ty(&mut self, ty: Ty, types: &mut TypeMap) -> Ty {
        if !ty.has_param() && !ty.has_projection() {
            return ty;
        }
        if let Some(&found) = types.cache.get(&ty) {
            return found;
        }
        let closed = ty.subst(types.args);
        let closed = if closed.has_projection() { self.solver.normalize_concrete(closed) } else { closed };
        types.cache.insert(ty, closed);
        closed
    }

    pub fn tys(&mut self, list: Tys, types: &mut TypeMap) -> Tys {
        if list.iter().all(|t| !t.has_param() && !t.has_projection()) {
            return list;
        }
        let mapped: Vec<Ty> = list.iter().map(|&t| self.ty(t, types)).collect();
        hir::ty::tys(&mapped)
    }

    fn sig(&mut self, sig: FnSig, types: &mut TypeMap) -> FnSig {
        sig.map(&mut |t| self.ty(t, types))
    }

    fn map_body(&mut self, body: &mut Body, types: &mut TypeMap) {
        for decl in body.locals.iter_mut() {
            decl.ty = self.ty(decl.ty, types);
        }
        for block in body.blocks.iter_mut() {
            for statement in &mut block.statements {
                if let StatementKind::Assign(place, rvalue) = &mut statement.kind {
                    self.map_place(place, types);
                    self.map_rvalue(rvalue, types);
                }
            }
            match &mut block.terminator.kind {
                TerminatorKind::Switch { value, .. } => self.map_operand(value, types),
                TerminatorKind::Drop { place, .. } => self.map_place(place, types),
                TerminatorKind::Call(call) => {
                    for arg in &mut call.args {
                        self.map_operand(arg, types);
                    }
                    self.map_place(&mut call.destination, types);
                    use crate::body::Callee;
                    match &mut call.callee {
                        Callee::Fn { args, .. }
                        | Callee::TraitMethod { args, .. }
                        | Callee::DynMethod { args, .. }
                        | Callee::Closure { args, .. } => *args = self.tys(args, types),
                        Callee::Value { ty, sig } => {
                            *ty = self.ty(*ty, types);
                            *sig = self.sig(*sig, types);
                        }
                    }
                }
                TerminatorKind::Assert { condition, message, .. } => {
                    self.map_operand(condition, types);
                    if let crate::body::AssertMessage::Bounds { index, len } = message {
                        self.map_operand(index, types);
                        self.map_operand(len, types);
                    }
                }
                _ => {}
            }
        }
    }

    fn map_place(&mut self, place: &mut crate::body::Place, types: &mut TypeMap) {
        for step in &mut place.projection {
            if let crate::body::Projection::Field(_, ty) = step {
                *ty = self.ty(*ty, types);
            }
        }
    }

    fn map_operand(&mut self, operand: &mut Operand, types: &mut TypeMap) {
        match operand {
            Operand::Copy(place) | Operand::Move(place) => self.map_place(place, types),
            Operand::Const(constant) => {
                constant.ty = self.ty(constant.ty, types);
                match constant.kind {
                    ConstKind::Param(index) => set_param(&mut constant.kind, index, types),
                    ConstKind::Item(id) => {
                        if let Some(literal) = self.literal(id) {
                            *constant = literal;
                        }
                    }
                    ConstKind::View(ref mut value) => self.map_value(Arc::make_mut(value), types),
                    _ => {}
                }
            }
        }
    }

    fn map_value(&mut self, value: &mut Value, types: &mut TypeMap) {
        value.ty = self.ty(value.ty, types);
        self.note_type(value.ty);
        match &mut value.kind {
            ValueKind::Plain(ConstKind::View(inner)) => self.map_value(Arc::make_mut(inner), types),
            // A constant that is computed; one that is being computed stays as it is.
            ValueKind::Plain(ConstKind::Item(id)) => {
                let body = (self.bodies)(Source::Owner(BodyOwner::Const(*id)));
                if let Some(known) = body.and_then(|body| crate::interp::value_made(&body)) {
                    *value = known;
                    self.note_parts(value);
                }
            }
            ValueKind::Plain(kind) => {
                if let ConstKind::Param(index) = *kind {
                    set_param(kind, index, types);
                }
            }
            ValueKind::Parts(_, parts) => parts.iter_mut().for_each(|part| self.map_value(part, types)),
        }
    }

    fn note_parts(&mut self, value: &Value) {
        self.note_type(value.ty);
        if let ValueKind::Parts(_, parts) = &value.kind {
            parts.iter().for_each(|part| self.note_parts(part));
        }
    }

    fn map_rvalue(&mut self, rvalue: &mut Rvalue, types: &mut TypeMap) {
        match rvalue {
            Rvalue::Use(a) | Rvalue::Unary(_, a) => self.map_operand(a, types),
            Rvalue::Cast(_, a, ty) | Rvalue::Coerce(_, a, ty) | Rvalue::Repeat(a, ty) => {
                self.map_operand(a, types);
                *ty = self.ty(*ty, types);
            }
            Rvalue::Binary(_, a, b) | Rvalue::CheckedBinary(_, a, b) => {
                self.map_operand(a, types);
                self.map_operand(b, types);
            }
            Rvalue::Ref { place, .. }
            | Rvalue::RawRef(place)
            | Rvalue::Len(place)
            | Rvalue::Discriminant(place)
            | Rvalue::Subslice { place, .. } => self.map_place(place, types),
            Rvalue::Aggregate(aggregate, operands) => {
                use crate::body::Aggregate;
                match aggregate {
                    Aggregate::Tuple => {}
                    Aggregate::Array(ty) | Aggregate::List(ty) => *ty = self.ty(*ty, types),
                    Aggregate::Adt { args, .. } | Aggregate::Closure { args, .. } => {
                        *args = self.tys(args, types);
                    }
                }
                for operand in operands {
                    self.map_operand(operand, types);
                }
            }
        }
    }

    /// The value of a constant whose body is nothing but a literal.
    fn literal(&mut self, id: ConstId) -> Option<Constant> {
        if let Some(known) = self.literals.get(&id) {
            return known.clone();
        }
        // While its own body is looked at, it is not known.
        self.literals.insert(id, None);
        let found = (self.bodies)(Source::Owner(BodyOwner::Const(id)))
            .and_then(|body| super::literals::literal_value(&body));
        self.literals.insert(id, found.clone());
        found
    }

    // ---- statics and constants

    pub fn static_(&mut self, user: FuncId, id: StaticId) {
        self.static_uses.entry(user).or_default().push(id);
        if self.statics.iter().any(|s| s.0 == id) {
            return;
        }
        let ty = self.items.statics[id].ty;
        self.note_type(ty);
        let init = self.body_func(BodyOwner::Static(id), &[]);
        self.statics.push((id, ty, init));
    }

    /// A static is initialised after those that its initialiser may read.
    fn order_statics(&mut self) {
        let mut order: Vec<usize> = Vec::new();
        let mut state = vec![0_u8; self.statics.len()];
        for i in 0..self.statics.len() {
            self.visit_static(i, &mut state, &mut order);
        }
        for i in order {
            let (id, ty, init) = self.statics[i];
            let name = crate::names::owner_name(self.items, BodyOwner::Static(id));
            let symbol = format!("static {name}.{}", id.0);
            let index = self.out.statics.push(Static { id, symbol, ty, init });
            self.out.static_ids.insert(id, index);
        }
    }

    fn visit_static(&self, index: usize, state: &mut [u8], order: &mut Vec<usize>) {
        if state[index] != 0 {
            return;
        }
        state[index] = 1;
        let mut seen: FxHashSet<FuncId> = FxHashSet::default();
        let mut work = vec![self.statics[index].2];
        while let Some(func) = work.pop() {
            if !seen.insert(func) {
                continue;
            }
            for used in self.static_uses.get(&func).into_iter().flatten() {
                if let Some(i) = self.statics.iter().position(|s| s.0 == *used) {
                    self.visit_static(i, state, order);
                }
            }
            if let Some(function) = &self.functions[func] {
                for target in function.targets.iter().flatten() {
                    if let Target::Function(callee) = target {
                        work.push(*callee);
                    }
                }
            }
        }
        order.push(index);
    }

    pub fn static_indices(&self) -> Vec<(StaticIdx, StaticId, Ty, FuncId)> {
        self.out.statics.iter_enumerated().map(|(i, s)| (i, s.id, s.ty, s.init)).collect()
    }

    pub fn constant(&mut self, id: ConstId) {
        let func = self.body_func(BodyOwner::Const(id), &[]);
        self.out.consts.insert(id, func);
    }
}

/// The generic arguments of the body at hand, and what types became under them.
pub(super) struct TypeMap {
    pub args: Tys,
    cache: FxHashMap<Ty, Ty>,
}

/// A constant parameter is what the body at hand was given for it.
fn set_param(kind: &mut ConstKind, index: u32, types: &TypeMap) {
    if let Some(TyKind::Const(n)) = types.args.get(index as usize).map(|t| t.kind()) {
        *kind = ConstKind::Int(*n);
    }
}
