//! Actors: made into structs and impls before anything is declared.
//!
//! ```text
//! actor Name[T]:                    struct "Name's state"[T]: FIELDS            # with the invariants
//!     FIELDS                        impl "Name's state"[T]: fn m(mut self, a: A) -> R: BODY
//!     fn m(a: A) -> R: BODY             $me: Me["Name's state"[T]] = nobody(); fn me(self) -> Name[T]
//!                                   impl ActorState for "Name's state"[T]       # on_start, on_stop
//!                                   struct Name[T]: $mailbox: Mailbox["Name's state"[T]]
//!                                   impl Clone for Name[T]
//!                                   impl Actor for Name[T]                      # what handles have in common
//!                                   impl Name[T]: fn new(…) -> Name[T]; fn stop; fn is_alive
//!                                       fn m(self, a: own A) -> Reply[R]:
//!                                           return self.$mailbox.ask("m", fn(state: mut _) -> R: state.m(a))
//! ```
//!
//! Not here: mailboxes and replies, which are std's (`task/actor.altru`). The one thing to know: a
//! method's body stands in the state's impl alone, so `self.m()` inside of an actor is a plain call;
//! its signature stands in both, so what is wrong with it is found twice and said once.

mod build;

use base::{Diagnostic, Name, Span, codes};
use std::sync::Arc;
use syntax::ast::*;

/// What happens to a message for a full mailbox.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Overflow {
    Wait,
    Fail,
    DropOldest,
}

/// Methods that every handle has.
const GIVEN: &[&str] = &["stop", "is_alive", "clone"];

/// The name of the struct that holds an actor's fields.
pub(super) fn state_name(actor: Name) -> Name {
    Name::new(&format!("{actor}'s state"))
}

/// The items that an actor stands for, and what is wrong with how it is written.
pub(super) fn expand(item: &Item, actor: &ActorItem) -> (Vec<Item>, Vec<Diagnostic>) {
    let mut make = Expansion { actor, public: item.public, span: actor.name.span, found: Vec::new() };
    let (capacity, overflow) = make.mailbox(item);
    let items = make.items(item, capacity, overflow);
    (items, make.found)
}

struct Expansion<'a> {
    actor: &'a ActorItem,
    public: Option<Span>,
    span: Span,
    found: Vec<Diagnostic>,
}

impl Expansion<'_> {
    fn items(&mut self, item: &Item, capacity: u128, overflow: Overflow) -> Vec<Item> {
        let actor = self.actor;
        let state = Ident { name: state_name(actor.name.name), span: self.span };
        let mut inner = Vec::new();
        let mut outer = Vec::new();
        let mut hooks = vec![self.installs(state)];
        let mut new = None;
        for method in &actor.methods {
            let ItemKind::Fn(f) = &method.kind else {
                self.found.push(
                    Diagnostic::error(codes::E0236, method.span, "an actor holds fields and functions only")
                        .label("declare this outside of the actor"),
                );
                continue;
            };
            match f.name.name.as_str() {
                "new" => {
                    new = Some(self.written_new(method, f));
                    inner.push(self.state_new(method, f));
                }
                name @ ("on_start" | "on_stop") => {
                    hooks.push(self.hook(f, if name == "on_start" { "starts" } else { "stops" }));
                    inner.push(self.state_method(method, f));
                }
                name => {
                    if GIVEN.contains(&name) {
                        self.found.push(
                            Diagnostic::error(
                                codes::E0236,
                                f.name.span,
                                format!("every actor has a `{name}` of its own"),
                            )
                            .label("choose another name"),
                        );
                        continue;
                    }
                    inner.push(self.state_method(method, f));
                    outer.push(self.message(method, f, overflow));
                }
            }
        }
        let start = |this: &Self, state: Expr| this.handle(this.start(capacity, state));
        let new = match new {
            Some((mut function, arguments)) => {
                let made = self.call(self.path(&[state.name.as_str(), "new"]), arguments);
                let body = start(self, made);
                if let ItemKind::Fn(f) = &mut function.kind {
                    Arc::make_mut(f).body = Some(self.returning(body));
                }
                function
            }
            None => self.default_new(state, &start),
        };
        outer.insert(0, new);
        if !actor.methods.iter().any(|m| matches!(&m.kind, ItemKind::Fn(f) if f.name.name == "me")) {
            inner.push(self.me());
        }
        outer.push(self.given("stop", vec![], Some(self.named(&["$lang", "ActorEnd"])), item));
        outer.push(self.given("is_alive", vec![], Some(self.named(&["$lang", "bool"])), item));
        let clone = self.clone_method();

        let mut fields = Vec::new();
        for field in &actor.fields {
            let refused = self.refuse_view(&field.ty, "what an actor keeps");
            let ty = if refused { self.refused_type(field.ty.span) } else { field.ty.clone() };
            fields.push(FieldDef { public: None, ty, ..field.clone() });
        }
        let nobody = self.call(self.path(&["$lang", "nobody"]), Vec::new());
        fields.push(self.field("$me", self.generic("Me", vec![self.own_type(state)]), Some(nobody)));
        let state_item = StructItem {
            name: state,
            generics: actor.generics.clone(),
            body: StructBody::Named(fields),
            invariants: actor.invariants.clone(),
            methods: Vec::new(),
        };
        let mailbox = self.field("$mailbox", self.generic("Mailbox", vec![self.own_type(state)]), None);
        let handle_item = StructItem {
            name: actor.name,
            generics: actor.generics.clone(),
            body: StructBody::Named(vec![mailbox]),
            invariants: Vec::new(),
            methods: Vec::new(),
        };
        let state_type = self.own_type(state);
        let handle_type = self.own_type(actor.name);
        vec![
            self.item(ItemKind::Struct(state_item), None, &[]),
            self.item(ItemKind::Struct(handle_item), item.public, &item.docs),
            self.impl_(None, state_type.clone(), inner),
            self.impl_(Some("ActorState"), state_type, hooks),
            self.impl_(Some("Clone"), handle_type.clone(), vec![clone]),
            self.impl_(Some("Actor"), handle_type.clone(), self.common(state)),
            self.impl_(None, handle_type, outer),
        ]
    }

    // ------------------------------------------------------------ the state

    /// The method as it is run: with `mut self`.
    fn state_method(&mut self, item: &Item, f: &FnItem) -> Item {
        let mut method = f.clone();
        method.params.retain(|p| !p.is_self);
        method.params.insert(0, self.self_param(Convention::Mut));
        Item { kind: ItemKind::Fn(Arc::new(method)), ..item.clone() }
    }

    fn state_new(&mut self, item: &Item, f: &FnItem) -> Item {
        let mut function = f.clone();
        function.params.retain(|p| !p.is_self);
        if !gives_self(f) {
            // Reported by `written_new`.
            function.ret = Some(RetType { ty: self.refused_type(f.head), from: Vec::new() });
        } else if function.ret.is_none() {
            function.ret = Some(RetType { ty: self.named(&["Self"]), from: Vec::new() });
        }
        Item { kind: ItemKind::Fn(Arc::new(function)), ..item.clone() }
    }

    /// `fn starts(mut self): self.on_start()`
    fn hook(&mut self, f: &FnItem, name: &str) -> Item {
        if let Some(param) = f.params.iter().find(|p| !p.is_self) {
            self.found.push(
                Diagnostic::error(codes::E0236, param.span, format!("`{}` takes no parameters", f.name.name))
                    .label("nobody would say what it is"),
            );
        }
        let call = ExprKind::MethodCall {
            receiver: Box::new(self.expr(ExprKind::SelfValue)),
            method: f.name,
            generics: None,
            args: Vec::new(),
        };
        let call = self.expr(call);
        let call = if f.is_async { self.expr(ExprKind::Await(Box::new(call))) } else { call };
        let refused = f.params.iter().any(|p| !p.is_self);
        let body = self.block(if refused { Vec::new() } else { vec![self.stmt(StmtKind::Expr(call))] });
        self.function(name, vec![self.self_param(Convention::Mut)], None, body, None)
    }

    /// `fn installs(mut self, me: own Me[…]): self.$me = me`
    fn installs(&self, state: Ident) -> Item {
        let me = self.ident("$value");
        let target = self.expr(ExprKind::Field {
            base: Box::new(self.expr(ExprKind::SelfValue)),
            name: self.ident("$me"),
        });
        let set = StmtKind::Assign { op: None, op_span: self.span, target, value: self.path_of(vec![me]) };
        let taken = self.own_param(me, self.generic("Me", vec![self.own_type(state)]));
        let body = self.block(vec![self.stmt(set)]);
        self.function("installs", vec![self.self_param(Convention::Mut), taken], None, body, None)
    }

    /// `fn me(self) -> Name[T]`: a handle to the actor whose state this is.
    fn me(&self) -> Item {
        let known = self.expr(ExprKind::Field {
            base: Box::new(self.expr(ExprKind::SelfValue)),
            name: self.ident("$me"),
        });
        let mailbox = self.method(known, "mailbox", Vec::new());
        let body = self.returning(self.handle_of(self.actor.name, mailbox));
        self.function(
            "me",
            vec![self.self_param(Convention::Read)],
            Some(self.own_type(self.actor.name)),
            body,
            None,
        )
    }

    // ------------------------------------------------------------ the handle

    /// `type State = …; fn mailbox(self) -> Mailbox[…]; fn of_mailbox(mailbox: own Mailbox[…]) -> Self`
    fn common(&self, state: Ident) -> Vec<Item> {
        let alias = TypeAlias {
            name: self.ident("State"),
            generics: Generics::default(),
            bounds: Vec::new(),
            view: None,
            ty: Some(self.own_type(state)),
        };
        let mailbox_type = self.generic("Mailbox", vec![self.own_type(state)]);
        let given = self.ident("$value");
        let get = self.returning(self.method(self.mailbox_place(), "clone", Vec::new()));
        let make = self.returning(self.handle(self.path_of(vec![given])));
        vec![
            self.item(ItemKind::TypeAlias(alias), None, &[]),
            self.function(
                "mailbox",
                vec![self.self_param(Convention::Read)],
                Some(mailbox_type.clone()),
                get,
                None,
            ),
            self.function(
                "of_mailbox",
                vec![self.own_param(given, mailbox_type)],
                Some(self.named(&["Self"])),
                make,
                None,
            ),
        ]
    }

    /// The method as others see it: posts the message.
    fn message(&mut self, item: &Item, f: &FnItem, overflow: Overflow) -> Item {
        let at = Expansion { span: f.name.span, found: Vec::new(), ..*self };
        if let Some(this) = f.params.iter().find(|p| p.is_self) {
            self.found.push(
                Diagnostic::error(
                    codes::E0236,
                    this.span,
                    "an actor's methods have their `self` without saying so",
                )
                .label("leave it out"),
            );
        }
        let mut params = vec![at.self_param(Convention::Read)];
        let mut arguments = Vec::new();
        for (i, param) in f.params.iter().filter(|p| !p.is_self).enumerate() {
            let name = match &param.pattern.kind {
                PatternKind::Binding { name, sub: None, .. } => *name,
                _ => Ident { name: Name::new(&format!("$arg{i}")), span: param.span },
            };
            let mut ty = param.ty.clone();
            let mutable = (param.convention == Convention::Mut).then_some(param.span);
            if mutable.is_some() {
                ty = Some(self.refused_type(param.span));
                self.found.push(
                    Diagnostic::error(codes::E0331, param.convention_span.unwrap_or(param.span), "a message cannot change what its sender holds")
                        .label("the actor handles it later, when the sender has gone on")
                        .help("take the value with `own` (or without a marker) and give the changed one back as the result"),
                );
            }
            if let Some(written) = &param.ty
                && self.refuse_view(written, "an argument of a message")
            {
                ty = Some(self.refused_type(written.span));
            }
            let binding = PatternKind::Binding { convention: Convention::Read, name, sub: None };
            params.push(Param {
                span: param.span,
                pattern: Pattern { span: name.span, kind: binding },
                convention: Convention::Own,
                convention_span: None,
                ty,
                is_self: false,
            });
            let path = at.path_of(vec![name]);
            arguments.push(Arg { span: name.span, mutable, value: path });
        }
        let answer = f.ret.as_ref().map(|ret| match self.refuse_view(&ret.ty, "the answer of an actor") {
            true => self.refused_type(ret.ty.span),
            false => ret.ty.clone(),
        });
        let state = at.ident("$state");
        let call = ExprKind::MethodCall {
            receiver: Box::new(at.path_of(vec![state])),
            method: f.name,
            generics: None,
            args: arguments,
        };
        let call = at.expr(call);
        let call = if f.is_async { at.expr(ExprKind::Await(Box::new(call))) } else { call };
        let asks = f.ret.is_some();
        let body = if asks {
            at.block(vec![at.stmt(StmtKind::Expr(at.expr(ExprKind::Return(Some(Box::new(call))))))])
        } else {
            at.block(vec![at.stmt(StmtKind::Expr(call))])
        };
        let given = Param {
            span: at.span,
            pattern: Pattern {
                span: at.span,
                kind: PatternKind::Binding { convention: Convention::Read, name: state, sub: None },
            },
            convention: Convention::Mut,
            convention_span: None,
            ty: None,
            is_self: false,
        };
        let closure = Closure {
            head: at.span,
            is_fn: true,
            is_async: false,
            params: vec![given],
            ret: answer.clone(),
            body: at.expr(ExprKind::Block(body)),
        };
        let closure = at.expr(ExprKind::Closure(Box::new(closure)));
        let post = match (asks, overflow) {
            (false, Overflow::Wait) => "tell",
            (false, Overflow::Fail) => "try_tell",
            (false, Overflow::DropOldest) => "tell_newest",
            (true, Overflow::Wait) => "ask",
            (true, Overflow::Fail) => "try_ask",
            (true, Overflow::DropOldest) => "ask_newest",
        };
        let name = at.text(f.name.name);
        let posted = at.on_mailbox(post, vec![at.arg(name), at.arg(closure)]);
        let reply = answer.map(|ty| at.generic("Reply", vec![ty]));
        let ret = match overflow {
            Overflow::Fail => {
                let given = reply.unwrap_or_else(|| at.unit_type());
                Some(at.generic("Result", vec![given, at.named(&["$lang", "MailboxFull"])]))
            }
            _ => reply,
        };
        let body = if ret.is_some() {
            at.returning(posted)
        } else {
            at.block(vec![at.stmt(StmtKind::Expr(posted))])
        };
        let function = FnItem {
            head: f.head,
            is_async: false,
            is_unsafe: f.is_unsafe,
            name: f.name,
            generics: f.generics.clone(),
            params,
            ret: ret.map(|ty| RetType { ty, from: Vec::new() }),
            body: Some(body),
            has_items: true,
        };
        let attributes = item
            .attributes
            .iter()
            .filter(|a| matches!(a.name.name.as_str(), "discardable" | "deprecated" | "must_use"));
        Item {
            span: item.span,
            docs: item.docs.clone(),
            attributes: attributes.cloned().collect(),
            public: item.public,
            kind: ItemKind::Fn(Arc::new(function)),
        }
    }

    /// Stands for a type that was reported.
    fn refused_type(&self, span: Span) -> TypeExpr {
        TypeExpr { span, kind: TypeExprKind::Error }
    }

    fn refuse_view(&mut self, ty: &TypeExpr, what: &str) -> bool {
        let found = reference_in(ty);
        if let Some(span) = found {
            self.found.push(
                Diagnostic::error(codes::E0331, span, format!("{what} must own what it holds"))
                    .label("a view, which may end before it is used")
                    .help("write the type without `&`: the value moves into the actor or out of it"),
            );
        }
        found.is_some()
    }

    /// `fn new` as written, without its body, and the arguments to hand on.
    fn written_new(&mut self, item: &Item, f: &FnItem) -> (Item, Vec<Arg>) {
        if !gives_self(f) {
            let span = f.ret.as_ref().map_or(f.head, |r| r.ty.span);
            self.found.push(
                Diagnostic::error(codes::E0236, span, "`new` of an actor makes its state: it gives `Self`")
                    .label("expected `Self`"),
            );
        }
        if let Some(this) = f.params.iter().find(|p| p.is_self) {
            self.found.push(
                Diagnostic::error(codes::E0236, this.span, "there is no actor yet when `new` is called")
                    .label("leave it out"),
            );
        }
        let mut params = f.params.clone();
        params.retain(|p| !p.is_self);
        let mut arguments = Vec::new();
        for (i, param) in params.iter_mut().enumerate() {
            let name = match &param.pattern.kind {
                PatternKind::Binding { name, sub: None, .. } => *name,
                _ => Ident { name: Name::new(&format!("$arg{i}")), span: param.span },
            };
            let binding = PatternKind::Binding { convention: Convention::Read, name, sub: None };
            param.pattern = Pattern { span: name.span, kind: binding };
            let mutable = (param.convention == Convention::Mut).then_some(name.span);
            arguments.push(Arg { span: name.span, mutable, value: self.path_of(vec![name]) });
        }
        let function = FnItem {
            params,
            ret: Some(RetType { ty: self.named(&["Self"]), from: Vec::new() }),
            body: None,
            ..f.clone()
        };
        (Item { kind: ItemKind::Fn(Arc::new(function)), ..item.clone() }, arguments)
    }

    /// `fn new` with a parameter for each field that has no default.
    fn default_new(&self, state: Ident, start: &dyn Fn(&Self, Expr) -> Expr) -> Item {
        let mut params = Vec::new();
        let mut inits = Vec::new();
        for field in self.actor.fields.iter().filter(|f| f.default.is_none()) {
            let binding = PatternKind::Binding { convention: Convention::Read, name: field.name, sub: None };
            params.push(Param {
                span: field.span,
                pattern: Pattern { span: field.name.span, kind: binding },
                convention: Convention::Own,
                convention_span: None,
                ty: Some(field.ty.clone()),
                is_self: false,
            });
            inits.push(FieldInit { span: field.name.span, name: field.name, value: None });
        }
        let path = Path { span: self.span, segments: vec![PathSegment { name: state, args: None }] };
        let made = self.expr(ExprKind::Struct { path, fields: inits, base: None });
        let body = self.returning(start(self, made));
        self.function("new", params, Some(self.named(&["Self"])), body, self.public)
    }

    /// A method that every handle has: the mailbox's of this name.
    fn given(&self, name: &str, args: Vec<Arg>, ret: Option<TypeExpr>, item: &Item) -> Item {
        let call = self.on_mailbox(name, args);
        let body = self.returning(call);
        let mut function =
            self.function(name, vec![self.self_param(Convention::Read)], ret, body, item.public);
        if name == "stop" {
            function.attributes.push(Attribute {
                span: self.span,
                name: self.ident("discardable"),
                args: Vec::new(),
            });
        }
        function
    }

    fn clone_method(&self) -> Item {
        let clone = self.method(self.mailbox_place(), "clone", Vec::new());
        let body = self.returning(self.handle(clone));
        self.function(
            "clone",
            vec![self.self_param(Convention::Read)],
            Some(self.named(&["Self"])),
            body,
            None,
        )
    }

    /// `start_actor("Name", capacity, state)`
    fn start(&self, capacity: u128, state: Expr) -> Expr {
        let name = self.text(self.actor.name.name);
        let capacity = self.expr(ExprKind::Literal(Literal::Int { value: capacity.into(), suffix: None }));
        let args = vec![self.arg(name), self.arg(capacity), self.arg(state)];
        self.call(self.path(&["$lang", "start_actor"]), args)
    }

    /// `Self{$mailbox: value}`
    fn handle(&self, mailbox: Expr) -> Expr {
        self.handle_of(self.ident("Self"), mailbox)
    }

    fn handle_of(&self, name: Ident, mailbox: Expr) -> Expr {
        let fields = vec![FieldInit { span: self.span, name: self.ident("$mailbox"), value: Some(mailbox) }];
        let segments = vec![PathSegment { name, args: None }];
        self.expr(ExprKind::Struct { path: Path { span: self.span, segments }, fields, base: None })
    }

    fn mailbox_place(&self) -> Expr {
        let base = Box::new(self.expr(ExprKind::SelfValue));
        self.expr(ExprKind::Field { base, name: self.ident("$mailbox") })
    }

    fn on_mailbox(&self, method: &str, args: Vec<Arg>) -> Expr {
        self.method(self.mailbox_place(), method, args)
    }

    // ------------------------------------------------------------ `[mailbox(…)]`

    fn mailbox(&mut self, item: &Item) -> (u128, Overflow) {
        let (mut capacity, mut overflow) = (0, None);
        let written = item.attributes.iter().find(|a| a.name.name == "mailbox");
        let Some(attribute) = written else { return (0, Overflow::Wait) };
        for arg in &attribute.args {
            let name = arg.name.map_or("", |n| n.name.as_str());
            let value = arg.value.as_ref().map(|v| &v.kind);
            match (name, value) {
                ("capacity", Some(ExprKind::Literal(Literal::Int { value, .. }))) if value.get() > 0 => {
                    capacity = value.get();
                }
                ("overflow", Some(ExprKind::Path(path))) => {
                    overflow = match path.segments.last().map_or("", |s| s.name.name.as_str()) {
                        "wait" => Some(Overflow::Wait),
                        "fail" => Some(Overflow::Fail),
                        "drop_oldest" => Some(Overflow::DropOldest),
                        _ => {
                            self.refuse_mailbox(path.span);
                            None
                        }
                    }
                }
                _ => {
                    let span = arg
                        .value
                        .as_ref()
                        .map_or_else(|| arg.name.map_or(attribute.span, |n| n.span), |v| v.span);
                    self.refuse_mailbox(span);
                }
            }
        }
        if capacity == 0 && self.found.is_empty() {
            self.refuse_mailbox(attribute.span);
        }
        (capacity, overflow.unwrap_or(Overflow::Wait))
    }

    fn refuse_mailbox(&mut self, span: Span) {
        self.found.push(
            Diagnostic::error(codes::E0236, span, "a mailbox has a capacity, and says what happens when it is full")
                .label("not understood")
                .help("write `[mailbox(capacity = 100, overflow = wait)]`; instead of `wait` also `fail` or `drop_oldest`"),
        );
    }
}

/// Whether `new` is declared to give `Self`, or nothing else.
fn gives_self(f: &FnItem) -> bool {
    match f.ret.as_ref().map(|r| &r.ty.kind) {
        None => true,
        Some(TypeExprKind::Path(path)) => matches!(&path.segments[..], [s] if s.name.name == "Self"),
        Some(_) => false,
    }
}

/// The first `&` in a written type, functions' parameters apart.
fn reference_in(ty: &TypeExpr) -> Option<Span> {
    match &ty.kind {
        TypeExprKind::Ref { .. } => Some(ty.span),
        TypeExprKind::Tuple(parts) => parts.iter().find_map(reference_in),
        TypeExprKind::List(inner) | TypeExprKind::Array(inner, _) => reference_in(inner),
        TypeExprKind::Path(path) | TypeExprKind::Dyn(path) => path
            .segments
            .iter()
            .filter_map(|s| s.args.as_deref())
            .flat_map(|a| a.args.iter().chain(a.bindings.iter().map(|(_, t)| t)))
            .find_map(reference_in),
        _ => None,
    }
}
