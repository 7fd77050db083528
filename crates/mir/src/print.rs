//! MIR as text, in a form that [`crate::parse`] reads back.
//!
//! ```text
//! fn push_twice(_1: mut &mut [T/0], _2: own T/0) -> () from(outer 0, held 1) {
//!     let _0: ();                       // result
//!     let by_ref _1: &mut [T/0] "list"; // argument
//!     let mut _3: bool;                 // temporary
//!
//!     bb0: {
//!         StorageLive(_3);
//!         _3 = Lt(copy (*_1).0: int, const 5: int);
//!         switch copy _3 -> [0: bb2, else: bb1];
//!     }
//!
//!     bb1 (cleanup): {
//!         resume;
//!     }
//! }
//! ```
//!
//! Places: `_1`, `(*_1)` (dereference), `_1.0: T` (field with its type; parenthesised if more
//! follows), `(_1 as v2)` (variant), `_1[_2]` (index), `_1[3 from start]`, `_1[0 from end]`.
//! Every type is in full: `T/0` is generic parameter 0. Items go by the names of
//! [`crate::names`], without spans.

use std::fmt::Write;

use base::Idx;
use hir::items::{Origin, Program};
use hir::thir::{BinOp, CastKind, Coercion, UnOp};
use hir::ty::{Conv, FloatTy, FnSig, Mutability, Ty, TyKind};
use syntax::ast::Convention;

use crate::body::{
    Aggregate, AssertMessage, Body, Callee, ConstKind, Constant, LocalKind, Operand, Place, Projection,
    Rvalue, StatementKind, TerminatorKind, Value, ValueKind,
};
use crate::names;

/// The whole body.
pub fn print(program: &Program, body: &Body) -> String {
    let mut out = Printer { program, text: String::new() };
    out.body(body);
    out.text
}

pub fn print_ty(program: &Program, ty: Ty) -> String {
    let mut out = Printer { program, text: String::new() };
    out.ty(ty);
    out.text
}

pub fn print_place(program: &Program, place: &Place) -> String {
    let mut out = Printer { program, text: String::new() };
    out.place(place);
    out.text
}

pub fn print_rvalue(program: &Program, rvalue: &Rvalue) -> String {
    let mut out = Printer { program, text: String::new() };
    out.rvalue(rvalue);
    out.text
}

pub fn print_terminator(program: &Program, kind: &TerminatorKind) -> String {
    let mut out = Printer { program, text: String::new() };
    out.terminator(kind);
    out.text
}

struct Printer<'a> {
    program: &'a Program,
    text: String,
}

macro_rules! put {
    ($self:ident, $($arg:tt)*) => {{
        let _ = write!($self.text, $($arg)*);
    }};
}

/// The names of operators and casts, shared with the parser.
pub const BINARY: [(BinOp, &str); 16] = [
    (BinOp::Add, "Add"),
    (BinOp::Sub, "Sub"),
    (BinOp::Mul, "Mul"),
    (BinOp::Div, "Div"),
    (BinOp::Rem, "Rem"),
    (BinOp::BitAnd, "BitAnd"),
    (BinOp::BitOr, "BitOr"),
    (BinOp::BitXor, "BitXor"),
    (BinOp::Shl, "Shl"),
    (BinOp::Shr, "Shr"),
    (BinOp::Eq, "Eq"),
    (BinOp::Ne, "Ne"),
    (BinOp::Lt, "Lt"),
    (BinOp::Le, "Le"),
    (BinOp::Gt, "Gt"),
    (BinOp::Ge, "Ge"),
];

pub const UNARY: [(UnOp, &str); 3] = [(UnOp::Neg, "Neg"), (UnOp::Not, "Not"), (UnOp::BitNot, "BitNot")];

pub const CASTS: [(CastKind, &str); 8] = [
    (CastKind::IntToInt, "IntToInt"),
    (CastKind::IntToFloat, "IntToFloat"),
    (CastKind::FloatToInt, "FloatToInt"),
    (CastKind::FloatToFloat, "FloatToFloat"),
    (CastKind::U8ToChar, "U8ToChar"),
    (CastKind::PtrToPtr, "PtrToPtr"),
    (CastKind::PtrToInt, "PtrToInt"),
    (CastKind::IntToPtr, "IntToPtr"),
];

pub const COERCIONS: [(Coercion, &str); 6] = [
    (Coercion::Never, "Never"),
    (Coercion::ArrayToSlice, "ArrayToSlice"),
    (Coercion::MutToShared, "MutToShared"),
    (Coercion::ToDyn, "ToDyn"),
    (Coercion::RefToDyn, "RefToDyn"),
    (Coercion::ToDynFn, "ToDynFn"),
];

fn name_of<T: PartialEq>(table: &[(T, &'static str)], value: T) -> &'static str {
    table.iter().find(|(v, _)| *v == value).map_or("?", |(_, name)| name)
}

pub fn conv_name(conv: Conv) -> &'static str {
    match conv {
        Conv::Val => "val",
        Conv::Ref => "ref",
        Conv::Mut => "mut",
        Conv::Own => "own",
    }
}

impl Printer<'_> {
    fn body(&mut self, body: &Body) {
        put!(self, "fn {}(", body.name);
        for (i, arg) in body.args().enumerate() {
            if i > 0 {
                self.text.push_str(", ");
            }
            let conv = body.convs.get(i).copied().unwrap_or(Conv::Own);
            put!(self, "{arg:?}: {} ", conv_name(conv));
            self.ty(body.locals[arg].ty);
        }
        self.text.push_str(") -> ");
        if let Some(ret) = body.locals.get(crate::body::RETURN) {
            self.ty(ret.ty);
        }
        self.origins(" from", &body.ret_origins);
        self.text.push_str(" {\n");
        for capture in &body.captures {
            put!(self, "    capture {}: ", capture.name);
            self.ty(capture.ty);
            self.text.push_str(";\n");
        }
        for (local, decl) in body.locals.iter_enumerated() {
            self.text.push_str("    let ");
            if decl.mutable {
                self.text.push_str("mut ");
            }
            if decl.by_ref {
                self.text.push_str("by_ref ");
            }
            put!(self, "{local:?}: ");
            self.ty(decl.ty);
            if let Some(name) = decl.name {
                put!(self, " \"{name}\"");
            }
            self.text.push_str(match decl.kind {
                LocalKind::Return => "; // result\n",
                LocalKind::Arg => "; // argument\n",
                LocalKind::User => "; // variable\n",
                LocalKind::Temp => "; // temporary\n",
                LocalKind::Flag => "; // drop flag\n",
            });
        }
        for (id, block) in body.blocks.iter_enumerated() {
            put!(self, "\n    {id:?}{}: {{\n", if block.cleanup { " (cleanup)" } else { "" });
            for statement in &block.statements {
                self.text.push_str("        ");
                self.statement(&statement.kind);
                self.text.push_str(";\n");
            }
            self.text.push_str("        ");
            self.terminator(&block.terminator.kind);
            self.text.push_str(";\n    }\n");
        }
        self.text.push_str("}\n");
    }

    fn origins(&mut self, word: &str, origins: &[Origin]) {
        if origins.is_empty() {
            return;
        }
        self.text.push_str(word);
        for (i, origin) in origins.iter().enumerate() {
            self.text.push_str(if i == 0 { "(" } else { ", " });
            match origin {
                Origin::Outer(n) => put!(self, "outer {n}"),
                Origin::Held(n) => put!(self, "held {n}"),
            };
        }
        self.text.push(')');
    }

    fn statement(&mut self, kind: &StatementKind) {
        match kind {
            StatementKind::Assign(place, rvalue) => {
                self.place(place);
                self.text.push_str(" = ");
                self.rvalue(rvalue);
            }
            StatementKind::StorageLive(local) => put!(self, "StorageLive({local:?})"),
            StatementKind::StorageDead(local) => put!(self, "StorageDead({local:?})"),
            StatementKind::FakeRead(place) => {
                self.text.push_str("FakeRead(");
                self.place(place);
                self.text.push(')');
            }
            StatementKind::Nop => self.text.push_str("nop"),
        };
    }

    fn terminator(&mut self, kind: &TerminatorKind) {
        match kind {
            TerminatorKind::Goto(target) => {
                put!(self, "goto -> {target:?}");
            }
            TerminatorKind::Switch { value, targets, otherwise } => {
                self.text.push_str("switch ");
                self.operand(value);
                self.text.push_str(" -> [");
                for (value, target) in targets {
                    put!(self, "{value}: {target:?}, ");
                }
                put!(self, "else: {otherwise:?}]");
            }
            TerminatorKind::Return => self.text.push_str("return"),
            TerminatorKind::Resume => self.text.push_str("resume"),
            TerminatorKind::Unreachable => self.text.push_str("unreachable"),
            TerminatorKind::Drop { place, target, unwind } => {
                self.text.push_str("drop(");
                self.place(place);
                self.text.push(')');
                self.targets(Some(*target), *unwind);
            }
            TerminatorKind::Call(call) => {
                self.place(&call.destination);
                self.text.push_str(" = call ");
                self.callee(&call.callee);
                self.operands("(", &call.args, ")");
                self.origins(" from", &call.flow.ret_origins);
                if !call.flow.absorbing.is_empty() {
                    self.text.push_str(" absorbing(");
                    for (i, n) in call.flow.absorbing.iter().enumerate() {
                        put!(self, "{}{n}", if i == 0 { "" } else { ", " });
                    }
                    self.text.push(')');
                }
                self.targets(call.target, call.unwind);
            }
            TerminatorKind::Assert { condition, expected, message, target, unwind } => {
                self.text.push_str("assert(");
                self.operand(condition);
                put!(self, " == {expected}, ");
                match message {
                    AssertMessage::Overflow(op) => {
                        put!(self, "overflow {}", name_of(&BINARY, *op));
                    }
                    AssertMessage::OverflowNeg => self.text.push_str("overflow Neg"),
                    AssertMessage::DivisionByZero => self.text.push_str("division by zero"),
                    AssertMessage::RemainderByZero => self.text.push_str("remainder by zero"),
                    AssertMessage::Shift => self.text.push_str("shift"),
                    AssertMessage::Bounds { index, len } => {
                        self.text.push_str("bounds ");
                        self.operand(index);
                        self.text.push_str(" of ");
                        self.operand(len);
                    }
                    AssertMessage::Unreachable => self.text.push_str("unreachable"),
                }
                self.text.push(')');
                self.targets(Some(*target), *unwind);
            }
        }
    }

    fn targets(&mut self, target: Option<crate::body::BlockId>, unwind: Option<crate::body::BlockId>) {
        self.text.push_str(" -> [");
        match target {
            Some(target) => put!(self, "return: {target:?}"),
            None => self.text.push_str("never"),
        };
        if let Some(unwind) = unwind {
            put!(self, ", unwind: {unwind:?}");
        }
        self.text.push(']');
    }

    fn callee(&mut self, callee: &Callee) {
        match callee {
            Callee::Fn { id, args } => {
                put!(self, "{}", names::fn_name(self.program, *id));
                self.args(args);
            }
            Callee::TraitMethod { method, args, .. } => {
                put!(self, "trait {}", names::fn_name(self.program, *method));
                self.args(args);
            }
            Callee::DynMethod { method, args, .. } => {
                put!(self, "dyn {}", names::fn_name(self.program, *method));
                self.args(args);
            }
            Callee::Value { ty, sig } => {
                self.text.push_str("value ");
                self.ty(*ty);
                self.text.push_str(" as ");
                self.sig(sig);
                self.text.push(' ');
            }
            Callee::Closure { id, args } => self.closure(*id, args),
        }
    }

    fn closure(&mut self, id: hir::items::ClosureId, args: &[Ty]) {
        put!(self, "{{closure {}#{}}}", names::owner_name(self.program, id.owner), id.index);
        self.args(args);
    }

    fn args(&mut self, args: &[Ty]) {
        if !args.is_empty() {
            self.tys("[", args, "]");
        }
    }

    fn tys(&mut self, open: &str, list: &[Ty], close: &str) {
        self.text.push_str(open);
        for (i, &ty) in list.iter().enumerate() {
            if i > 0 {
                self.text.push_str(", ");
            }
            self.ty(ty);
        }
        self.text.push_str(close);
    }

    fn operands(&mut self, open: &str, list: &[Operand], close: &str) {
        self.text.push_str(open);
        for (i, operand) in list.iter().enumerate() {
            if i > 0 {
                self.text.push_str(", ");
            }
            self.operand(operand);
        }
        self.text.push_str(close);
    }

    fn operand(&mut self, operand: &Operand) {
        match operand {
            Operand::Copy(place) => {
                self.text.push_str("copy ");
                self.place(place);
            }
            Operand::Move(place) => {
                self.text.push_str("move ");
                self.place(place);
            }
            Operand::Const(constant) => self.constant(constant),
        }
    }

    fn constant(&mut self, constant: &Constant) {
        self.text.push_str("const ");
        self.known(&constant.kind, constant.ty);
    }

    fn value(&mut self, value: &Value) {
        match &value.kind {
            ValueKind::Plain(kind) => self.known(kind, value.ty),
            ValueKind::Parts(variant, parts) => {
                put!(self, "parts {}(", variant.0);
                for (i, part) in parts.iter().enumerate() {
                    if i > 0 {
                        self.text.push_str(", ");
                    }
                    self.value(part);
                }
                self.text.push_str("): ");
                self.ty(value.ty);
            }
        }
    }

    fn known(&mut self, kind: &ConstKind, ty: Ty) {
        match kind {
            ConstKind::Int(value) => put!(self, "{value}"),
            ConstKind::Float(bits) => put!(self, "float 0x{bits:016x}"),
            ConstKind::Str(text) => put!(self, "{text:?}"),
            ConstKind::Unit => self.text.push_str("()"),
            ConstKind::Item(id) => {
                let owner = hir::items::BodyOwner::Const(*id);
                put!(self, "item {}", names::owner_name(self.program, owner))
            }
            ConstKind::Param(index) => put!(self, "param {index}"),
            ConstKind::Static(id) => {
                let owner = hir::items::BodyOwner::Static(*id);
                put!(self, "static {}", names::owner_name(self.program, owner))
            }
            ConstKind::View(value) => {
                self.text.push_str("view (");
                self.value(value);
                self.text.push(')');
            }
        };
        self.text.push_str(": ");
        self.ty(ty);
    }

    fn place(&mut self, place: &Place) {
        // Written from the outside in: parentheses open for every prefix that needs them.
        let mut text = format!("{:?}", place.local);
        for (i, projection) in place.projection.iter().enumerate() {
            let last = i + 1 == place.projection.len();
            text = match projection {
                Projection::Deref => format!("(*{text})"),
                Projection::Field(index, ty) => {
                    let ty = print_ty(self.program, *ty);
                    let field = format!("{text}.{}: {ty}", index.0);
                    if last { field } else { format!("({field})") }
                }
                Projection::Downcast(variant) => format!("({text} as v{})", variant.0),
                Projection::Index(local) => format!("{text}[{local:?}]"),
                Projection::ConstIndex { offset, from_end } => {
                    let end = if *from_end { "end" } else { "start" };
                    format!("{text}[{offset} from {end}]")
                }
            };
        }
        self.text.push_str(&text);
    }

    fn rvalue(&mut self, rvalue: &Rvalue) {
        let mutability = |m: &Mutability| match m {
            Mutability::Shared => "",
            Mutability::Mut => "mut ",
        };
        match rvalue {
            Rvalue::Use(operand) => self.operand(operand),
            Rvalue::Ref { mutability: m, place, two_phase } => {
                put!(self, "&{}{}", if *two_phase { "two_phase " } else { "" }, mutability(m));
                self.place(place);
            }
            Rvalue::RawRef(place) => {
                self.text.push_str("&raw ");
                self.place(place);
            }
            Rvalue::Binary(op, a, b) => {
                put!(self, "{}(", name_of(&BINARY, *op));
                self.operand(a);
                self.text.push_str(", ");
                self.operand(b);
                self.text.push(')');
            }
            Rvalue::CheckedBinary(op, a, b) => {
                put!(self, "Checked{}(", name_of(&BINARY, *op));
                self.operand(a);
                self.text.push_str(", ");
                self.operand(b);
                self.text.push(')');
            }
            Rvalue::Unary(op, a) => {
                put!(self, "{}(", name_of(&UNARY, *op));
                self.operand(a);
                self.text.push(')');
            }
            Rvalue::Cast(kind, a, ty) => {
                put!(self, "cast {}(", name_of(&CASTS, *kind));
                self.operand(a);
                self.text.push_str(") as ");
                self.ty(*ty);
            }
            Rvalue::Coerce(kind, a, ty) => {
                put!(self, "coerce {}(", name_of(&COERCIONS, *kind));
                self.operand(a);
                self.text.push_str(") as ");
                self.ty(*ty);
            }
            Rvalue::Len(place) => {
                self.text.push_str("len(");
                self.place(place);
                self.text.push(')');
            }
            Rvalue::Discriminant(place) => {
                self.text.push_str("discriminant(");
                self.place(place);
                self.text.push(')');
            }
            Rvalue::Aggregate(aggregate, operands) => match aggregate {
                Aggregate::Tuple => self.operands("tuple(", operands, ")"),
                Aggregate::Array(elem) => {
                    self.operands("array[", operands, "] of ");
                    self.ty(*elem);
                }
                Aggregate::List(elem) => {
                    self.operands("list[", operands, "] of ");
                    self.ty(*elem);
                }
                Aggregate::Adt { adt, variant, args } => {
                    self.text.push_str("adt ");
                    self.ty(Ty::new(TyKind::Adt(*adt, args)));
                    put!(self, "::v{}", variant.0);
                    self.operands("(", operands, ")");
                }
                Aggregate::Closure { id, args } => {
                    self.closure(*id, args);
                    self.operands("(", operands, ")");
                }
            },
            Rvalue::Repeat(operand, ty) => {
                self.text.push_str("repeat(");
                self.operand(operand);
                self.text.push_str(") as ");
                self.ty(*ty);
            }
            Rvalue::Subslice { place, from, to, mutability: m } => {
                put!(self, "subslice {}", mutability(m));
                self.place(place);
                put!(self, "[{from}..-{to}]");
            }
        }
    }

    fn sig(&mut self, sig: &FnSig) {
        self.text.push_str(match sig.call {
            Convention::Read => "fn(",
            Convention::Mut => "mut fn(",
            Convention::Own => "own fn(",
        });
        for (i, &(conv, ty)) in sig.params.iter().enumerate() {
            if i > 0 {
                self.text.push_str(", ");
            }
            put!(self, "{} ", conv_name(conv));
            self.ty(ty);
        }
        self.text.push_str(") -> ");
        self.ty(sig.ret);
    }

    fn trait_name(&mut self, id: hir::items::TraitId) {
        match self.program.traits.get(id) {
            Some(data) => put!(self, "{}", data.name),
            None => put!(self, "trait#{}", id.0),
        };
    }

    fn ty(&mut self, ty: Ty) {
        match ty.kind() {
            TyKind::Int(int) => self.text.push_str(int.name()),
            TyKind::Float(FloatTy::F32) => self.text.push_str("f32"),
            TyKind::Float(FloatTy::F64) => self.text.push_str("float"),
            TyKind::Bool => self.text.push_str("bool"),
            TyKind::Char => self.text.push_str("char"),
            TyKind::Str => self.text.push_str("string"),
            TyKind::Never => self.text.push('!'),
            TyKind::Tuple(elems) => {
                self.tys("(", elems, if elems.len() == 1 { ",)" } else { ")" });
            }
            TyKind::List(elem) => self.tys("[", &[*elem], "]"),
            TyKind::Array(elem, len) => {
                self.tys("[", &[*elem], "; ");
                self.ty(*len);
                self.text.push(']');
            }
            TyKind::Adt(id, args) => {
                if id.index() < self.program.adts.len() {
                    put!(self, "{}", self.program.adts[*id].name);
                } else {
                    put!(self, "adt#{}", id.0);
                }
                self.args(args);
            }
            TyKind::Ref(Mutability::Shared, ty) => self.tys("&", &[*ty], ""),
            TyKind::Ref(Mutability::Mut, ty) => self.tys("&mut ", &[*ty], ""),
            TyKind::RawPtr(ty) => self.tys("*", &[*ty], ""),
            TyKind::Closure(id, args) => self.closure(*id, args),
            TyKind::Dyn(d) => {
                self.text.push_str("dyn ");
                self.trait_name(d.trait_);
                if !d.args.is_empty() || !d.bindings.is_empty() {
                    self.tys("[", d.args, "");
                    for (i, (name, ty)) in d.bindings.iter().enumerate() {
                        let comma = if i == 0 && d.args.is_empty() { "" } else { ", " };
                        put!(self, "{comma}{name} = ");
                        self.ty(*ty);
                    }
                    self.text.push(']');
                }
            }
            TyKind::DynFn(sig) => {
                self.text.push_str("dyn ");
                self.sig(sig);
            }
            TyKind::Param(p) => {
                put!(self, "{}/{}", p.name, p.index);
            }
            TyKind::Projection(p) => {
                self.text.push('<');
                self.ty(p.args.first().copied().unwrap_or_else(Ty::error));
                self.text.push_str(" as ");
                self.trait_name(p.trait_);
                self.args(p.args.get(1..).unwrap_or(&[]));
                put!(self, ">::{}", p.name);
            }
            TyKind::Const(value) => {
                put!(self, "{value}");
            }
            TyKind::Infer(_) => self.text.push_str("{infer}"),
            TyKind::Error => self.text.push_str("{error}"),
        }
    }
}
