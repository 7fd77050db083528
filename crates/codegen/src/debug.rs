//! DWARF: which source line code comes from, functions, variables and their types.
//!
//! Not here: what optimisation leaves of it. The one thing to know: with [`Debug::Lines`] only
//! functions and lines are described; variables and types cost compile time and come with
//! [`Debug::Full`].

use std::cell::RefCell;
use std::ffi::c_uint;

use base::{FileId, FxHashMap, Idx, Span};
use llvm_sys::core::{LLVMGetInsertBlock, LLVMSetCurrentDebugLocation2};
use llvm_sys::debuginfo::*;
use mir::body::{Body, Local, LocalKind};
use mir::mono::merge::ScopeId;
use mir::mono::ty::{FloatTy, Mutability, Ty, TyKind};
use mir::mono::{FieldShape, FuncId, Function, Role, Shape};

use crate::layout::{Kind, Meta, field_offsets, shared_meta};
use crate::llvm::{Builder, Metadata, Module, Value, ll};
use crate::unit::Unit;
use crate::{Debug, Options};

pub struct DebugInfo {
    builder: LLVMDIBuilderRef,
    unit: Metadata,
    files: RefCell<FxHashMap<FileId, Metadata>>,
    types: RefCell<FxHashMap<Ty, Metadata>>,
    functions: RefCell<FxHashMap<FuncId, Metadata>>,
    variables: bool,
    optimised: bool,
}

type LLVMDIBuilderRef = llvm_sys::prelude::LLVMDIBuilderRef;

impl Drop for DebugInfo {
    fn drop(&mut self) {
        ll!(LLVMDisposeDIBuilder(self.builder));
    }
}

/// The description of the function at hand.
pub struct FunctionDebug {
    scope: Metadata,
    file: Metadata,
    is_closure: bool,
}

const NO_FLAGS: LLVMDIFlags = 0;

impl DebugInfo {
    pub fn new(m: &Module, options: &Options) -> Option<DebugInfo> {
        if options.debug == Debug::None {
            return None;
        }
        m.add_flag("Debug Info Version", 3);
        m.add_flag("Dwarf Version", 4);
        let builder = ll!(LLVMCreateDIBuilder(m.module));
        let name = options.sources.ids().last().map_or("", |id| options.sources.file(id).name.as_str());
        let file = file_of(builder, name);
        let producer = "altru";
        let kind = if options.debug == Debug::Full {
            LLVMDWARFEmissionKind::LLVMDWARFEmissionKindFull
        } else {
            LLVMDWARFEmissionKind::LLVMDWARFEmissionKindLineTablesOnly
        };
        let unit = ll!(LLVMDIBuilderCreateCompileUnit(
            builder,
            // gdb reads Rust's names and types best.
            LLVMDWARFSourceLanguage::LLVMDWARFSourceLanguageRust,
            file,
            producer.as_ptr().cast(),
            producer.len(),
            i32::from(options.optimise()),
            c"".as_ptr(),
            0,
            0,
            c"".as_ptr(),
            0,
            kind,
            0,
            0,
            0,
            c"".as_ptr(),
            0,
            c"".as_ptr(),
            0,
        ));
        Some(DebugInfo {
            builder,
            unit,
            files: RefCell::default(),
            types: RefCell::default(),
            functions: RefCell::default(),
            variables: options.debug == Debug::Full,
            optimised: options.optimise(),
        })
    }

    pub fn finish(&self) {
        ll!(LLVMDIBuilderFinalize(self.builder));
    }

    fn file(&self, u: &Unit, id: FileId) -> Metadata {
        *self
            .files
            .borrow_mut()
            .entry(id)
            .or_insert_with(|| file_of(self.builder, &u.sources().file(id).name))
    }

    pub fn function(&self, u: &Unit, id: FuncId, value: Value) -> FunctionDebug {
        let function = &u.program.functions[id];
        let file = self.file(u, function.body.span.file);
        let scope = self.subprogram(u, id);
        ll!(LLVMSetSubprogram(value, scope));
        FunctionDebug { scope, file, is_closure: function.role == Role::Closure }
    }

    /// What describes a function, also one that is merged into others.
    fn subprogram(&self, u: &Unit, id: FuncId) -> Metadata {
        if let Some(&found) = self.functions.borrow().get(&id) {
            return found;
        }
        let function = &u.program.functions[id];
        let span = function.body.span;
        let file = self.file(u, span.file);
        let line = u.sources().line_col(span).line;
        let mut types = vec![std::ptr::null_mut()];
        if self.variables {
            types.clear();
            for (i, decl) in function.body.locals.iter().enumerate().take(function.body.arg_count + 1) {
                let is_void = i == 0 && (decl.ty.is_unit() || decl.ty.is_never());
                types.push(if is_void { std::ptr::null_mut() } else { self.ty(u, decl.ty) });
            }
        }
        let ty = ll!(LLVMDIBuilderCreateSubroutineType(
            self.builder,
            file,
            types.as_mut_ptr(),
            types.len() as c_uint,
            NO_FLAGS
        ));
        let name = &function.body.name;
        let scope = ll!(LLVMDIBuilderCreateFunction(
            self.builder,
            file,
            name.as_ptr().cast(),
            name.len(),
            function.symbol.as_ptr().cast(),
            function.symbol.len(),
            file,
            line,
            ty,
            1,
            1,
            line,
            NO_FLAGS,
            i32::from(self.optimised),
        ));
        self.functions.borrow_mut().insert(id, scope);
        scope
    }

    fn basic(&self, name: &str, bits: u64, encoding: c_uint) -> Metadata {
        ll!(LLVMDIBuilderCreateBasicType(
            self.builder,
            name.as_ptr().cast(),
            name.len(),
            bits,
            encoding,
            NO_FLAGS
        ))
    }

    fn structure(&self, u: &Unit, ty: Ty, members: &[(&str, u64, Ty)]) -> Metadata {
        let layout = u.layout(ty);
        let name = u.type_name(ty);
        let mut elements: Vec<Metadata> = members
            .iter()
            .map(|&(name, offset, ty)| {
                let field = u.layout(ty);
                ll!(LLVMDIBuilderCreateMemberType(
                    self.builder,
                    self.unit,
                    name.as_ptr().cast(),
                    name.len(),
                    self.unit_file(),
                    0,
                    field.size * 8,
                    field.align as u32 * 8,
                    offset * 8,
                    NO_FLAGS,
                    self.ty(u, ty),
                ))
            })
            .collect();
        ll!(LLVMDIBuilderCreateStructType(
            self.builder,
            self.unit,
            name.as_ptr().cast(),
            name.len(),
            self.unit_file(),
            0,
            layout.size * 8,
            layout.align as u32 * 8,
            NO_FLAGS,
            std::ptr::null_mut(),
            elements.as_mut_ptr(),
            elements.len() as c_uint,
            0,
            std::ptr::null_mut(),
            c"".as_ptr(),
            0,
        ))
    }

    fn unit_file(&self) -> Metadata {
        ll!(LLVMDIScopeGetFile(self.unit))
    }

    fn ty(&self, u: &Unit, ty: Ty) -> Metadata {
        const BOOLEAN: c_uint = 2;
        const FLOAT: c_uint = 4;
        const SIGNED: c_uint = 5;
        const UNSIGNED: c_uint = 7;
        const UTF: c_uint = 16;
        if let Some(&found) = self.types.borrow().get(&ty) {
            return found;
        }
        // A type within itself, behind a pointer, is shown without members.
        let name = u.type_name(ty);
        let opaque = self.basic(&name, u.layout(ty).size * 8, UNSIGNED);
        self.types.borrow_mut().insert(ty, opaque);
        let int = Ty::int();
        let made = match *ty.kind() {
            TyKind::Int(i) => {
                self.basic(i.name(), u64::from(i.bits()), if i.is_signed() { SIGNED } else { UNSIGNED })
            }
            TyKind::Float(FloatTy::F32) => self.basic("f32", 32, FLOAT),
            TyKind::Float(FloatTy::F64) => self.basic("f64", 64, FLOAT),
            TyKind::Bool => self.basic("bool", 8, BOOLEAN),
            TyKind::Char => self.basic("char", 32, UTF),
            TyKind::Str => {
                let byte = Ty::raw_ptr(Ty::int_of(mir::mono::ty::IntTy::U8));
                self.structure(u, ty, &[("ptr", 0, byte), ("cap", 8, int), ("len", 16, int)])
            }
            TyKind::List(elem) => {
                self.structure(u, ty, &[("ptr", 0, Ty::raw_ptr(elem)), ("cap", 8, int), ("len", 16, int)])
            }
            TyKind::Ref(mutability, to) => match shared_meta(to) {
                Meta::Len if mutability == Mutability::Shared => {
                    let elem = match *to.kind() {
                        TyKind::List(elem) => elem,
                        _ => Ty::int_of(mir::mono::ty::IntTy::U8),
                    };
                    self.structure(u, ty, &[("ptr", 0, Ty::raw_ptr(elem)), ("len", 8, int)])
                }
                Meta::Vtable if mutability == Mutability::Shared => opaque,
                _ => self.pointer(u, to, &name),
            },
            TyKind::RawPtr(to) => self.pointer(u, to, &name),
            TyKind::Tuple(elems) => {
                let layout = u.layout(ty);
                let offsets = field_offsets(&layout);
                let names: Vec<String> = (0..elems.len()).map(|i| format!("__{i}")).collect();
                let members: Vec<_> = elems
                    .iter()
                    .zip(offsets)
                    .zip(&names)
                    .map(|((&t, &offset), name)| (name.as_str(), offset, t))
                    .collect();
                self.structure(u, ty, &members)
            }
            TyKind::Adt(..) | TyKind::Closure(..) => {
                let layout = u.layout(ty);
                match u.program.shapes.get(&ty) {
                    Some(Shape::Struct(shape)) => self.fields(u, ty, &shape.fields, field_offsets(&layout)),
                    Some(Shape::Closure(captures)) => self.fields(u, ty, captures, field_offsets(&layout)),
                    Some(Shape::Enum(shape)) => match &layout.kind {
                        Kind::Enum { variants, .. } => {
                            // Every variant's fields, named after it.
                            let names: Vec<(String, u64, Ty)> =
                                shape
                                    .variants
                                    .iter()
                                    .zip(variants)
                                    .flat_map(|(variant, offsets)| {
                                        variant.fields.iter().zip(offsets).map(move |(f, &o)| {
                                            (format!("{}_{}", variant.name, f.name), o, f.ty)
                                        })
                                    })
                                    .collect();
                            let members: Vec<_> =
                                names.iter().map(|(n, o, t)| (n.as_str(), *o, *t)).collect();
                            self.structure(u, ty, &members)
                        }
                        _ => opaque,
                    },
                    None => opaque,
                }
            }
            _ => opaque,
        };
        self.types.borrow_mut().insert(ty, made);
        made
    }

    fn fields(&self, u: &Unit, ty: Ty, fields: &[FieldShape], offsets: &[u64]) -> Metadata {
        let members: Vec<_> = fields.iter().zip(offsets).map(|(f, &o)| (f.name.as_str(), o, f.ty)).collect();
        self.structure(u, ty, &members)
    }

    fn pointer(&self, u: &Unit, to: Ty, name: &str) -> Metadata {
        let pointee = self.ty(u, to);
        ll!(LLVMDIBuilderCreatePointerType(
            self.builder,
            pointee,
            64,
            64,
            0,
            name.as_ptr().cast(),
            name.len()
        ))
    }
}

fn file_of(builder: LLVMDIBuilderRef, path: &str) -> Metadata {
    let (dir, name) = path.rsplit_once('/').unwrap_or((".", path));
    ll!(LLVMDIBuilderCreateFile(builder, name.as_ptr().cast(), name.len(), dir.as_ptr().cast(), dir.len()))
}

impl FunctionDebug {
    /// What follows comes from `span`, of the function's own code or of a body that was merged into it.
    pub fn set_location(
        &self,
        u: &Unit,
        b: &Builder,
        function: &Function,
        scope: Option<ScopeId>,
        span: Span,
    ) {
        let location = self.location(u, function, scope, span);
        ll!(LLVMSetCurrentDebugLocation2(b.raw, location));
    }

    fn location(&self, u: &Unit, function: &Function, scope: Option<ScopeId>, span: Span) -> Metadata {
        let at = u.sources().line_col(span);
        let (inlined, of) = match (scope.map(|id| &function.merged.scopes[id]), &u.debug) {
            (Some(scope), Some(info)) => {
                (self.location(u, function, scope.parent, scope.call), info.subprogram(u, scope.function))
            }
            _ => (std::ptr::null_mut(), self.scope),
        };
        ll!(LLVMDIBuilderCreateDebugLocation(u.m.context, at.line, at.col, of, inlined))
    }

    /// What a debugger calls the local, if it shows it.
    pub fn name<'b>(&self, body: &'b Body, local: Local) -> Option<&'b str> {
        let decl = &body.locals[local];
        match decl.name {
            Some(name) if decl.kind != LocalKind::Temp && !name.as_str().is_empty() => Some(name.as_str()),
            // What a closure captured is its first argument.
            None if self.is_closure && local.index() == 1 => Some("captures"),
            _ => None,
        }
    }

    /// A variable lives in a stack slot.
    pub fn declare(&self, u: &Unit, b: &Builder, body: &Body, local: Local, slot: Value) {
        let Some(info) = u.debug.as_ref().filter(|d| d.variables) else {
            return;
        };
        let decl = &body.locals[local];
        let Some(name) = self.name(body, local) else {
            return;
        };
        let line = u.sources().line_col(decl.span).line;
        let ty = info.ty(u, decl.ty);
        let is_arg = local.index() <= body.arg_count;
        let variable = if is_arg {
            ll!(LLVMDIBuilderCreateParameterVariable(
                info.builder,
                self.scope,
                name.as_ptr().cast(),
                name.len(),
                local.index() as c_uint,
                self.file,
                line,
                ty,
                1,
                NO_FLAGS
            ))
        } else {
            ll!(LLVMDIBuilderCreateAutoVariable(
                info.builder,
                self.scope,
                name.as_ptr().cast(),
                name.len(),
                self.file,
                line,
                ty,
                1,
                NO_FLAGS,
                0
            ))
        };
        let expression = ll!(LLVMDIBuilderCreateExpression(info.builder, std::ptr::null_mut(), 0));
        let location =
            ll!(LLVMDIBuilderCreateDebugLocation(u.m.context, line, 0, self.scope, std::ptr::null_mut()));
        let block = ll!(LLVMGetInsertBlock(b.raw));
        ll!(LLVMDIBuilderInsertDeclareRecordAtEnd(info.builder, slot, variable, expression, location, block));
    }
}
