//! Tests of the trait machinery over programs put together by hand.

use base::{FileId, IndexVec, Name, Span};
use syntax::ast::Convention;

use super::*;
use crate::infer::{AdjustKind, Cause, InferCtx, InferTable, MismatchKind, PickSource, ProbeError, Reason};
use crate::items::*;
use crate::thir::Coercion;
use crate::ty::*;

fn span(n: u32) -> Span {
    Span::new(FileId(0), n, n + 1)
}

fn n(text: &str) -> Name {
    Name::new(text)
}

/// A program under construction.
struct Build {
    p: Program,
}

struct Params {
    names: Vec<(&'static str, bool)>,
    predicates: Vec<Predicate>,
}

fn params(names: &[(&'static str, bool)]) -> Params {
    Params { names: names.to_vec(), predicates: Vec::new() }
}

impl Params {
    fn such_that(mut self, predicate: Predicate) -> Params {
        self.predicates.push(predicate);
        self
    }

    fn generics(&self) -> Generics {
        Generics {
            parent_count: 0,
            params: self
                .names
                .iter()
                .map(|&(name, view)| GenericParam {
                    bound_at: None,
                    name: n(name),
                    span: span(0),
                    view,
                    is_const: false,
                    implicit: false,
                    default: None,
                })
                .collect(),
            predicates: self.predicates.clone(),
        }
    }
}

fn p(index: u32, name: &str) -> Ty {
    Ty::param(index, n(name))
}

fn bound(trait_: TraitId, args: &[Ty]) -> Predicate {
    Predicate::Trait(TraitRef { trait_, args: tys(args) })
}

fn sig(call: Convention, params: &[(Conv, Ty)], ret: Ty) -> FnSig {
    FnSig { call, params: leak_params(params), ret }
}

impl Build {
    fn new() -> Build {
        let mut p = Program::default();
        p.mods.push(Mod {
            name: n("main"),
            parent: None,
            package: 0,
            file: FileId(0),
            span: span(0),
            names: Names::default(),
            block: false,
            docs: Vec::new(),
            is_std: false,
        });
        Build { p }
    }

    fn trait_(&mut self, name: &str, supers: &[TraitId], assoc: &[&str]) -> TraitId {
        let self_ty = p(0, "Self");
        let supertraits = supers.iter().map(|&t| TraitRef { trait_: t, args: tys(&[self_ty]) }).collect();
        let id = self.p.traits.push(Trait {
            name: n(name),
            span: span(0),
            name_span: span(0),
            module: ModId(0),
            public: true,
            generics: params(&[("Self", true)]).generics(),
            supertraits,
            assoc_types: assoc
                .iter()
                .map(|a| AssocTypeDecl {
                    name: n(a),
                    span: span(0),
                    view: true,
                    bounds: Vec::new(),
                    default: None,
                })
                .collect(),
            methods: Vec::new(),
            dyn_safe: Ok(()),
            is_unsafe: false,
            docs: Vec::new(),
        });
        if let Some(role) = crate::lang::NAMES.iter().find(|r| **r == name) {
            self.p.lang.items.insert(role, Def::Trait(id));
        }
        id
    }

    fn struct_(&mut self, name: &str, of: Params, fields: &[(&str, Ty)]) -> AdtId {
        let mut list = IndexVec::new();
        for &(name, ty) in fields {
            list.push(FieldDecl { name: n(name), span: span(0), public: true, ty, default: None });
        }
        let mut variants = IndexVec::new();
        variants.push(VariantDecl {
            name: n(name),
            span: span(0),
            shape: Shape::Named,
            fields: list,
            discriminant: 0,
            constructor: None,
        });
        let inherent_view = fields.iter().any(|(_, t)| t.is_ref());
        self.p.adts.push(Adt {
            repr_c: false,
            name: n(name),
            span: span(0),
            name_span: span(0),
            module: ModId(0),
            public: true,
            kind: AdtKind::Struct,
            generics: of.generics(),
            variants,
            inherent_view,
            derives: Vec::new(),
            thread_bound: false,
            drop_impl: None,
            invariants: Vec::new(),
            must_use: false,
            docs: Vec::new(),
        })
    }

    fn impl_(
        &mut self,
        of: Params,
        trait_: Option<(TraitId, &[Ty])>,
        self_ty: Ty,
        assoc: &[(&str, Ty)],
    ) -> ImplId {
        let trait_ref = trait_.map(|(trait_, rest)| {
            let mut args = vec![self_ty];
            args.extend_from_slice(rest);
            TraitRef { trait_, args: tys(&args) }
        });
        let id = self.p.impls.push(Impl {
            span: span(0),
            head: span(0),
            module: ModId(0),
            generics: of.generics(),
            trait_: trait_ref,
            self_ty,
            methods: Vec::new(),
            assoc_types: assoc.iter().map(|&(a, t)| (n(a), t, span(0))).collect(),
            derived: None,
            is_unsafe: false,
        });
        if let Some((trait_, _)) = trait_ref.map(|t| (t.trait_, ())) {
            self.p.trait_impls.entry(trait_).or_default().push(id);
        }
        id
    }

    fn method(
        &mut self,
        name: &str,
        parent: FnParent,
        own: Params,
        params: &[(&str, Conv, Ty)],
        ret: Ty,
    ) -> FnId {
        let outer = match parent {
            FnParent::None => Generics::default(),
            FnParent::Inherent(i) | FnParent::TraitImpl(i) => self.p.impls[i].generics.clone(),
            FnParent::Trait(t) => self.p.traits[t].generics.clone(),
        };
        let mut generics = outer.clone();
        generics.parent_count = outer.params.len();
        let more = own.generics();
        generics.params.extend(more.params);
        generics.predicates.extend(more.predicates);
        let id = self.p.fns.push(FnDecl {
            name: n(name),
            span: span(0),
            head: span(0),
            name_span: span(0),
            module: ModId(0),
            parent,
            public: true,
            generics,
            has_self: params.first().is_some_and(|p| p.0 == "self"),
            params: params
                .iter()
                .map(|&(name, conv, ty)| ParamDecl { name: n(name), span: span(0), conv, ty })
                .collect(),
            ret,
            ret_span: span(0),
            ret_origins: Vec::new(),
            is_async: false,
            is_unsafe: false,
            attrs: FnAttrs::default(),
            kind: FnKind::Normal,
            ast: None,
            docs: Vec::new(),
        });
        match parent {
            FnParent::Inherent(i) => {
                self.p.impls[i].methods.push(id);
                self.p.inherent.entry(n(name)).or_default().push(id);
            }
            FnParent::TraitImpl(i) => self.p.impls[i].methods.push(id),
            FnParent::Trait(t) => {
                self.p.traits[t].methods.push(id);
                self.p.trait_methods.entry(n(name)).or_default().push(id);
            }
            FnParent::None => {}
        }
        id
    }
}

/// A small std.
struct World {
    p: Program,
    copy: TraitId,
    clone: TraitId,
    hash: TraitId,
    ord: TraitId,
    iterator: TraitId,
    deref: TraitId,
    send: TraitId,
    option: AdtId,
    boxed: AdtId,
    list_iter: AdtId,
    map: AdtId,
    point: AdtId,
    next: FnId,
    hash_method: FnId,
}

fn world() -> World {
    let mut b = Build::new();
    let clone = b.trait_("Clone", &[], &[]);
    let copy = b.trait_("Copy", &[clone], &[]);
    let hash = b.trait_("Hash", &[], &[]);
    let eq = b.trait_("Eq", &[], &[]);
    let ord = b.trait_("Ord", &[eq], &[]);
    let iterator = b.trait_("Iterator", &[], &["Item"]);
    let deref = b.trait_("Deref", &[], &["Target"]);
    let send = b.trait_("Send", &[], &[]);
    let self_ty = p(0, "Self");
    b.method("clone", FnParent::Trait(clone), params(&[]), &[("self", Conv::Ref, self_ty)], self_ty);
    let hash_method =
        b.method("hash", FnParent::Trait(hash), params(&[]), &[("self", Conv::Ref, self_ty)], Ty::int());
    let item = Ty::projection(iterator, &[self_ty], n("Item"));

    let t = p(0, "T");
    let option = b.struct_("Option", params(&[("T", true)]), &[("value", t)]);
    let next = b.method(
        "next",
        FnParent::Trait(iterator),
        params(&[]),
        &[("self", Conv::Mut, self_ty)],
        Ty::adt(option, &[item]),
    );
    let boxed = b.struct_("Box", params(&[("T", true)]), &[("ptr", Ty::raw_ptr(t))]);
    let list_iter = b.struct_("ListIter", params(&[("T", true)]), &[("rest", Ty::shared_ref(Ty::list(t)))]);
    let (i, f) = (p(0, "I"), p(1, "F"));
    let map = b.struct_("Map", params(&[("I", true), ("F", true)]), &[("inner", i), ("f", f)]);
    let point = b.struct_("Point", params(&[]), &[("x", Ty::float())]);

    let t_is = |trait_| params(&[("T", true)]).such_that(bound(trait_, &[t]));
    for ty in [Ty::int(), Ty::str(), Ty::bool(), Ty::int_of(IntTy::U8)] {
        for trait_ in [hash, eq, ord] {
            b.impl_(params(&[]), Some((trait_, &[])), ty, &[]);
        }
    }
    for trait_ in [hash, eq, ord, clone] {
        b.impl_(t_is(trait_), Some((trait_, &[])), Ty::list(t), &[]);
        b.impl_(t_is(trait_), Some((trait_, &[])), Ty::adt(option, &[t]), &[]);
    }
    b.impl_(t_is(copy), Some((copy, &[])), Ty::adt(option, &[t]), &[]);
    b.impl_(params(&[]), Some((clone, &[])), Ty::str(), &[]);
    b.impl_(params(&[("T", false)]), Some((send, &[])), Ty::adt(boxed, &[t]), &[]);
    b.impl_(params(&[("T", true)]), Some((deref, &[])), Ty::adt(boxed, &[t]), &[("Target", t)]);
    b.impl_(
        params(&[("T", true)]),
        Some((iterator, &[])),
        Ty::adt(list_iter, &[t]),
        &[("Item", Ty::shared_ref(t))],
    );
    // impl[I: view + Iterator, F: view + mut fn(own I::Item) -> U, U: view] Iterator for Map[I, F]
    let i_item = Ty::projection(iterator, &[i], n("Item"));
    let u = p(2, "U");
    let map_params = params(&[("I", true), ("F", true), ("U", true)])
        .such_that(bound(iterator, &[i]))
        .such_that(Predicate::Fn(f, sig(Convention::Mut, &[(Conv::Own, i_item)], u)));
    b.impl_(map_params, Some((iterator, &[])), Ty::adt(map, &[i, f]), &[("Item", u)]);
    // fn map(own self, f: own F) -> Map[Self, F] in Iterator
    let (f2, u2) = (p(1, "F"), p(2, "U"));
    let own = params(&[("F", true), ("U", true)])
        .such_that(Predicate::Fn(f2, sig(Convention::Mut, &[(Conv::Own, item)], u2)));
    b.method(
        "map",
        FnParent::Trait(iterator),
        own,
        &[("self", Conv::Own, self_ty), ("f", Conv::Own, f2)],
        Ty::adt(map, &[self_ty, f2]),
    );
    // impl[T: view] [T]: fn iter(self) -> ListIter[T], fn len(self) -> int, fn push(mut self, x: own T)
    let lists = b.impl_(params(&[("T", true)]), None, Ty::list(t), &[]);
    let of_lists = FnParent::Inherent(lists);
    b.method("iter", of_lists, params(&[]), &[("self", Conv::Ref, Ty::list(t))], Ty::adt(list_iter, &[t]));
    b.method("len", of_lists, params(&[]), &[("self", Conv::Ref, Ty::list(t))], Ty::int());
    b.method(
        "push",
        of_lists,
        params(&[]),
        &[("self", Conv::Mut, Ty::list(t)), ("x", Conv::Own, t)],
        Ty::unit(),
    );
    // impl[T: view + Ord] [T]: fn sort(mut self)
    let sorts = b.impl_(t_is(ord), None, Ty::list(t), &[]);
    b.method("sort", FnParent::Inherent(sorts), params(&[]), &[("self", Conv::Mut, Ty::list(t))], Ty::unit());
    let options = b.impl_(params(&[("T", true)]), None, Ty::adt(option, &[t]), &[]);
    b.method(
        "unwrap",
        FnParent::Inherent(options),
        params(&[]),
        &[("self", Conv::Own, Ty::adt(option, &[t]))],
        t,
    );
    World {
        p: b.p,
        copy,
        clone,
        hash,
        ord,
        iterator,
        deref,
        send,
        option,
        boxed,
        list_iter,
        map,
        point,
        next,
        hash_method,
    }
}

fn concrete(w: &World, ty: Ty, trait_: TraitId) -> bool {
    let cache = TraitCache::new();
    let env = ParamEnv::empty();
    Solver::new(&w.p, &env, &cache, &NoClosures).implements(ty, trait_)
}

fn env_of(w: &World, of: Params) -> ParamEnv {
    ParamEnv::of_generics(&w.p, &of.generics())
}

#[test]
fn impls_with_bounds_nest() {
    let w = world();
    assert!(concrete(&w, Ty::list(Ty::list(Ty::int())), w.hash));
    assert!(!concrete(&w, Ty::list(Ty::list(Ty::float())), w.hash));
    assert!(concrete(&w, Ty::adt(w.option, &[Ty::str()]), w.ord));
    assert!(!concrete(&w, Ty::adt(w.point, &[]), w.ord));
}

#[test]
fn built_in_copy_and_clone() {
    let w = world();
    let (int, str) = (Ty::int(), Ty::str());
    for ty in [int, Ty::float(), Ty::shared_ref(str), Ty::tuple(&[int, Ty::bool()]), Ty::array(int, 3)] {
        assert!(concrete(&w, ty, w.copy), "{ty:?}");
        assert!(concrete(&w, ty, w.clone), "{ty:?}");
    }
    for ty in [str, Ty::mut_ref(int), Ty::list(int), Ty::tuple(&[int, str]), Ty::array(str, 2)] {
        assert!(!concrete(&w, ty, w.copy), "{ty:?}");
    }
    assert!(concrete(&w, Ty::tuple(&[int, str]), w.clone));
    assert!(concrete(&w, Ty::adt(w.option, &[Ty::shared_ref(str)]), w.copy));
    assert!(!concrete(&w, Ty::adt(w.option, &[Ty::mut_ref(str)]), w.copy));
}

#[test]
fn assumptions_and_supertraits() {
    let w = world();
    let env = env_of(&w, params(&[("T", false)]).such_that(bound(w.copy, &[p(0, "T")])));
    let cache = TraitCache::new();
    let solver = Solver::new(&w.p, &env, &cache, &NoClosures);
    assert!(solver.implements(p(0, "T"), w.clone), "Copy: Clone");
    assert!(solver.implements(Ty::list(p(0, "T")), w.clone));
    assert!(!solver.implements(p(0, "T"), w.hash));
}

#[test]
fn associated_types_through_impls_and_closure_results() {
    let w = world();
    let cache = TraitCache::new();
    let env = ParamEnv::empty();
    let solver = Solver::new(&w.p, &env, &cache, &NoClosures);
    let iter = Ty::adt(w.list_iter, &[Ty::str()]);
    let item = |of| Ty::projection(w.iterator, &[of], n("Item"));
    assert_eq!(solver.normalize_plain(item(iter)), Ty::shared_ref(Ty::str()));
    // The result of the function decides the item of `Map`.
    let f =
        Ty::new(TyKind::DynFn(sig(Convention::Mut, &[(Conv::Own, Ty::shared_ref(Ty::str()))], Ty::bool())));
    let map = Ty::adt(w.map, &[iter, f]);
    assert_eq!(solver.normalize_plain(item(map)), Ty::bool());
    assert!(solver.implements(map, w.iterator));
    let wrong = Ty::new(TyKind::DynFn(sig(Convention::Mut, &[(Conv::Own, Ty::int())], Ty::bool())));
    assert!(!solver.implements(Ty::adt(w.map, &[iter, wrong]), w.iterator));
    let resolved = solver.resolve_method(w.iterator, w.next, tys(&[map]));
    // `next` of `Map` has no body here, so the trait's own stands.
    assert!(matches!(resolved, Some(ResolvedMethod::Fn { id, .. }) if id == w.next));
}

#[test]
fn rigid_projections_and_equal_bounds() {
    let w = world();
    let i = p(0, "I");
    let item = Ty::projection(w.iterator, &[i], n("Item"));
    let cache = TraitCache::new();
    let env = env_of(&w, params(&[("I", true)]).such_that(bound(w.iterator, &[i])));
    let solver = Solver::new(&w.p, &env, &cache, &NoClosures);
    assert_eq!(solver.normalize_plain(item), item);
    let TyKind::Projection(projection) = *item.kind() else { unreachable!() };
    let of = params(&[("I", true), ("F", true)])
        .such_that(bound(w.iterator, &[i]))
        .such_that(Predicate::ProjectionEq(projection, Ty::int()))
        .such_that(Predicate::Fn(p(1, "F"), sig(Convention::Read, &[(Conv::Val, item)], item)));
    let env = env_of(&w, of);
    let solver = Solver::new(&w.p, &env, &cache, &NoClosures);
    assert_eq!(solver.normalize_plain(item), Ty::int());
    let callable: Callable = solver.callable(&mut InferTable::new(), p(1, "F")).expect("bounded by fn");
    assert_eq!(callable.sig.ret, Ty::int(), "bounds are normalised by each other");
}

#[test]
fn unification() {
    let mut t = InferTable::new();
    let (a, b, i) = (t.fresh_ty(), t.fresh_ty(), t.fresh_int(span(1)));
    assert!(t.unify(a, b).is_ok());
    assert!(t.unify(Ty::list(a), Ty::list(i)).is_ok());
    assert!(matches!(t.shallow(b).kind(), TyKind::Infer(InferVar::Int(_))));
    assert!(t.unify(b, Ty::str()).is_err());
    assert!(t.unify(b, Ty::int_of(IntTy::U8)).is_ok());
    assert_eq!(t.resolve(Ty::list(a)), Ty::list(Ty::int_of(IntTy::U8)));
    let c = t.fresh_ty();
    assert_eq!(t.unify(c, Ty::list(c)).unwrap_err().kind, MismatchKind::Infinite);
    assert_eq!(t.unify(Ty::tuple(&[c]), Ty::tuple(&[c, c])).unwrap_err().kind, MismatchKind::Length);
    assert!(t.unify(Ty::list(c), Ty::error()).is_ok());
    assert!(t.resolve(c).is_error());
    let d = t.fresh_float(span(2));
    assert_eq!(t.finish(Ty::list(d)), Ok(Ty::list(Ty::float())));
}

#[test]
fn failed_unification_binds_nothing() {
    let mut t = InferTable::new();
    let a = t.fresh_ty();
    let mismatch = t.unify(Ty::tuple(&[a, Ty::int()]), Ty::tuple(&[Ty::str(), Ty::bool()])).unwrap_err();
    assert_eq!(mismatch.inner, (Ty::int(), Ty::bool()));
    assert!(t.unbound(a).is_some());
}

#[test]
fn closures_get_their_signature_from_bounds() {
    let w = world();
    let (env, cache) = (ParamEnv::empty(), TraitCache::new());
    let mut ctx = InferCtx::new(&w.p, &env, &cache);
    let iter = Ty::adt(w.list_iter, &[Ty::int()]);
    let pick = ctx.find_method(iter, n("map"), ModId(0)).expect("found");
    assert_eq!(pick.source, PickSource::Trait(w.iterator));
    let confirmed = ctx.confirm(&pick, &[], span(5));
    let f = confirmed.sig.params[1].1;
    let expected = ctx.expected_sig(f).expect("bounded by fn");
    assert_eq!(expected.params, &[(Conv::Own, Ty::shared_ref(Ty::int()))]);
    // |x| x > 0
    let id = ClosureId { owner: BodyOwner::Fn(w.next), index: 0 };
    let closure = Ty::new(TyKind::Closure(id, &[]));
    ctx.add_closure(id, sig(Convention::Read, expected.params, Ty::bool()), true, span(8));
    ctx.unify(f, closure).expect("fresh");
    ctx.process();
    let ret = ctx.resolve(confirmed.sig.ret);
    assert_eq!(ret, Ty::adt(w.map, &[iter, closure]));
    let item = Ty::projection(w.iterator, &[ret], n("Item"));
    assert_eq!(ctx.normalize(item, span(6)), Ty::bool());
    ctx.set_closure_captures(id, Convention::Mut, vec![Ty::mut_ref(Ty::int())]);
    assert!(ctx.finish().is_empty());
}

#[test]
fn a_closure_that_uses_up_does_not_serve_where_it_is_called_again() {
    let w = world();
    let (env, cache) = (ParamEnv::empty(), TraitCache::new());
    let mut ctx = InferCtx::new(&w.p, &env, &cache);
    let id = ClosureId { owner: BodyOwner::Fn(w.next), index: 0 };
    let closure = Ty::new(TyKind::Closure(id, &[]));
    ctx.add_closure(id, sig(Convention::Read, &[], Ty::unit()), true, span(8));
    ctx.register(Predicate::Fn(closure, sig(Convention::Mut, &[], Ty::unit())), Cause::other(span(9)));
    ctx.process();
    ctx.set_closure_captures(id, Convention::Own, vec![Ty::str()]);
    let errors = ctx.finish();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].reason, Reason::Call { expected: Convention::Mut, found: Convention::Own });
}

#[test]
fn failures_name_the_part_that_is_missing() {
    let w = world();
    let (env, cache) = (ParamEnv::empty(), TraitCache::new());
    let mut ctx = InferCtx::new(&w.p, &env, &cache);
    ctx.register_trait(w.hash, &[Ty::list(Ty::adt(w.point, &[]))], Cause::other(span(3)));
    let errors = ctx.finish();
    assert_eq!(errors.len(), 1);
    let d = ctx.report(&errors[0]);
    assert_eq!(d.code, base::codes::E0320);
    assert!(d.message.contains("`Hash`") && d.message.contains("`Point`"), "{}", d.message);
    assert!(d.notes.iter().any(|n| n.contains("[Point]")), "{:?}", d.notes);
    assert!(d.help.iter().any(|n| n.contains("[derive(Hash)]")), "{:?}", d.help);
}

#[test]
fn method_lookup_goes_through_references_and_deref() {
    let w = world();
    let (env, cache) = (ParamEnv::empty(), TraitCache::new());
    let mut ctx = InferCtx::new(&w.p, &env, &cache);
    let list = Ty::list(Ty::int());
    let kinds = |pick: &crate::infer::Pick| pick.adjusts.iter().map(|a| a.kind).collect::<Vec<_>>();
    let pick = ctx.find_method(Ty::shared_ref(Ty::adt(w.boxed, &[list])), n("len"), ModId(0)).expect("len");
    assert_eq!(
        kinds(&pick),
        [AdjustKind::Deref, AdjustKind::DerefImpl, AdjustKind::Borrow(Mutability::Shared)]
    );
    // Reading methods of lists apply to arrays.
    let pick = ctx.find_method(Ty::array(Ty::int(), 2), n("len"), ModId(0)).expect("len");
    assert_eq!(
        kinds(&pick),
        [AdjustKind::Borrow(Mutability::Shared), AdjustKind::Coerce(Coercion::ArrayToSlice)]
    );
    assert!(ctx.find_method(Ty::array(Ty::int(), 2), n("push"), ModId(0)).is_err());
    // `clone` of `&string` is the string's.
    let pick = ctx.find_method(Ty::shared_ref(Ty::str()), n("clone"), ModId(0)).expect("clone");
    assert_eq!(pick.self_ty, Ty::str());
    let missing = ctx.find_method(Ty::shared_ref(Ty::adt(w.point, &[])), n("clone"), ModId(0));
    assert!(matches!(missing, Err(ProbeError::NotFound(_))));
    // Bounds that do not hold, and near spellings, are told.
    let Err(ProbeError::NotFound(why)) = ctx.find_method(Ty::list(Ty::float()), n("sort"), ModId(0)) else {
        panic!("floats are not ordered")
    };
    assert_eq!(why.unmet.len(), 1);
    assert_eq!(why.unmet[0].2, [bound(w.ord, &[Ty::float()])]);
    let Err(ProbeError::NotFound(why)) = ctx.find_method(list, n("pusch"), ModId(0)) else {
        panic!("no such method")
    };
    assert_eq!(why.similar, Some(n("push")));
    let var = ctx.fresh_ty(span(1));
    assert!(matches!(ctx.find_method(var, n("len"), ModId(0)), Err(ProbeError::Unknown(_))));
}

#[test]
fn methods_of_parameters_come_from_bounds() {
    let w = world();
    let t = p(0, "T");
    let env = env_of(&w, params(&[("T", false)]).such_that(bound(w.hash, &[t])));
    let cache = TraitCache::new();
    let mut ctx = InferCtx::new(&w.p, &env, &cache);
    let pick = ctx.find_method(Ty::shared_ref(t), n("hash"), ModId(0)).expect("hash");
    assert_eq!(pick.method, w.hash_method);
    assert!(matches!(pick.source, PickSource::Param(_)));
    assert_eq!(pick.self_ty, t);
    assert!(ctx.find_method(t, n("clone"), ModId(0)).is_err());
    ctx.confirm(&pick, &[], span(4));
    assert!(ctx.finish().is_empty());
}

#[test]
fn coercions() {
    let w = world();
    let (env, cache) = (ParamEnv::empty(), TraitCache::new());
    let mut ctx = InferCtx::new(&w.p, &env, &cache);
    let (int, str, s) = (Ty::int(), Ty::str(), span(0));
    let mut kinds = |from, to| {
        ctx.coerce(from, to, s).map(|a| a.iter().map(|a| a.kind).collect::<Vec<_>>()).map_err(|m| m.kind)
    };
    use AdjustKind::*;
    let shared = Mutability::Shared;
    assert_eq!(kinds(int, int), Ok(vec![]));
    assert_eq!(kinds(Ty::never(), str), Ok(vec![Coerce(Coercion::Never)]));
    assert_eq!(kinds(Ty::mut_ref(str), Ty::shared_ref(str)), Ok(vec![Coerce(Coercion::MutToShared)]));
    assert_eq!(kinds(Ty::shared_ref(int), int), Ok(vec![Deref, Copy]));
    assert_eq!(kinds(Ty::shared_ref(str), str), Err(MismatchKind::Borrowed));
    assert_eq!(kinds(str, Ty::shared_ref(str)), Err(MismatchKind::NotBorrowed));
    assert_eq!(kinds(Ty::shared_ref(str), Ty::mut_ref(str)), Err(MismatchKind::SharedForMut));
    assert_eq!(
        kinds(Ty::shared_ref(Ty::array(int, 2)), Ty::shared_ref(Ty::list(int))),
        Ok(vec![Coerce(Coercion::ArrayToSlice)])
    );
    assert_eq!(
        kinds(Ty::shared_ref(Ty::adt(w.boxed, &[str])), Ty::shared_ref(str)),
        Ok(vec![Deref, DerefImpl, Borrow(shared)])
    );
    let dyn_hash = Ty::new(TyKind::Dyn(DynTy { trait_: w.hash, args: &[], bindings: &[] }));
    assert_eq!(kinds(int, dyn_hash), Ok(vec![Coerce(Coercion::ToDyn)]));
    assert_eq!(kinds(Ty::shared_ref(int), Ty::shared_ref(dyn_hash)), Ok(vec![Coerce(Coercion::RefToDyn)]));
    assert!(ctx.finish().is_empty());
    // An owned `dyn` hides no view.
    ctx.coerce(Ty::adt(w.point, &[]), dyn_hash, s).expect("coerces, then fails its demand");
    assert_eq!(ctx.finish().len(), 1);
    assert!(concrete(&w, dyn_hash, w.hash));
}

#[test]
fn facts() {
    let w = world();
    let t = p(0, "T");
    let of = params(&[("T", false), ("V", true), ("C", false)]).such_that(bound(w.copy, &[p(2, "C")]));
    let env = env_of(&w, of);
    let cache = TraitCache::new();
    let facts = Facts::new(&w.p, &env, &cache, &NoClosures);
    let (int, str) = (Ty::int(), Ty::str());
    let option = |t| Ty::adt(w.option, &[t]);
    assert!(facts.is_view(option(Ty::shared_ref(str))));
    assert!(!facts.is_inherent_view(option(p(1, "V"))) && facts.is_view(option(p(1, "V"))));
    assert!(facts.is_inherent_view(option(Ty::shared_ref(int))));
    assert!(!facts.is_view(option(t)));
    assert!(facts.is_view(Ty::adt(w.list_iter, &[int])));
    assert!(facts.is_copy(option(p(2, "C"))) && !facts.is_copy(option(t)));
    assert!(facts.needs_drop(t) && !facts.needs_drop(p(2, "C")));
    assert!(facts.needs_drop(option(str)) && !facts.needs_drop(option(int)));
    assert!(facts.is_sendable(option(str)).is_ok());
    assert!(facts.is_sendable(Ty::adt(w.boxed, &[str])).is_ok(), "by `unsafe impl Send`");
    let bad = facts.is_sendable(Ty::tuple(&[int, option(Ty::raw_ptr(int))])).unwrap_err();
    assert_eq!(bad.reason, facts::UnsendableReason::RawPointer);
    assert_eq!(bad.path.len(), 2);
    assert!(facts.is_sendable(t).is_ok() && facts.is_sendable(p(1, "V")).is_err());
    assert!(facts.is_sendable(Ty::shared_ref(int)).is_err());
    assert!(facts.is_sendable_into_scope(Ty::shared_ref(int)).is_ok());
    assert!(concrete(&w, str, w.send) && !concrete(&w, Ty::raw_ptr(int), w.send));
    let _ = w.deref;
}

#[test]
fn impls_for_owned_types_do_not_take_views() {
    let mut w = world();
    // impl[T] Hash for Box[T]
    let boxed = w.boxed;
    let id = w.p.impls.push(Impl {
        span: span(0),
        head: span(0),
        module: ModId(0),
        generics: params(&[("T", false)]).generics(),
        trait_: Some(TraitRef { trait_: w.hash, args: tys(&[Ty::adt(boxed, &[p(0, "T")])]) }),
        self_ty: Ty::adt(boxed, &[p(0, "T")]),
        methods: Vec::new(),
        assoc_types: Vec::new(),
        derived: None,
        is_unsafe: false,
    });
    w.p.trait_impls.entry(w.hash).or_default().push(id);
    assert!(concrete(&w, Ty::adt(boxed, &[Ty::str()]), w.hash));
    assert!(!concrete(&w, Ty::adt(boxed, &[Ty::shared_ref(Ty::str())]), w.hash));
    let (env, cache) = (ParamEnv::empty(), TraitCache::new());
    let mut ctx = InferCtx::new(&w.p, &env, &cache);
    ctx.register_trait(w.hash, &[Ty::adt(boxed, &[Ty::shared_ref(Ty::str())])], Cause::other(span(3)));
    let errors = ctx.finish();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].reason, Reason::View);
}

#[test]
fn cycles_hold_and_growth_ends() {
    let mut w = world();
    let t = p(0, "T");
    // impl[T: Hash] Hash for Box[T] where Box[T]: Hash — holds by its own cycle.
    let boxed = Ty::adt(w.boxed, &[t]);
    let grow = Ty::list(Ty::adt(w.boxed, &[t]));
    for (trait_, extra) in [(w.hash, boxed), (w.ord, Ty::adt(w.boxed, &[grow]))] {
        let of = params(&[("T", true)]).such_that(bound(trait_, &[extra]));
        let id = w.p.impls.push(Impl {
            span: span(0),
            head: span(0),
            module: ModId(0),
            generics: of.generics(),
            trait_: Some(TraitRef { trait_, args: tys(&[boxed]) }),
            self_ty: boxed,
            methods: Vec::new(),
            assoc_types: Vec::new(),
            derived: None,
            is_unsafe: false,
        });
        w.p.trait_impls.entry(trait_).or_default().push(id);
    }
    let boxed_int = Ty::adt(w.boxed, &[Ty::int()]);
    assert!(concrete(&w, boxed_int, w.hash));
    assert!(!concrete(&w, boxed_int, w.ord));
    let (env, cache) = (ParamEnv::empty(), TraitCache::new());
    let mut ctx = InferCtx::new(&w.p, &env, &cache);
    ctx.register_trait(w.ord, &[boxed_int], Cause::other(span(3)));
    let errors = ctx.finish();
    assert_eq!(errors.iter().map(|e| e.reason.clone()).collect::<Vec<_>>(), [Reason::Overflow]);
}
