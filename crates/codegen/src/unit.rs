//! One compilation unit: a module, and what its functions share: declarations, constants,
//! vtables, statics.
//!
//! Not here: the code of functions ([`crate::function`]). The one thing to know: things are
//! declared when first mentioned, so a unit holds only what it uses.

use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;
use std::sync::Arc;

use base::{FxHashMap, IndexVec, Name, SourceMap, Span};
use mir::mono::ty::{Mutability, Ty, TyKind};
use mir::mono::{FuncId, Program, Role, Shape, StaticIdx, Target, VtableId};

use crate::debug::DebugInfo;
use crate::frame::Plans;
use crate::layout::{Abi, Layout, Layouts, Meta, Prim, Scalar, shared_meta};
use crate::llvm::{Builder, Module, Type, Value};
use crate::signature::Signature;
use crate::split::Parts;
use crate::{Mode, Options};

pub struct Unit<'p> {
    pub m: Module,
    pub program: &'p Program,
    parts: &'p Parts,
    /// Which part of the program this is.
    part: usize,
    pub layouts: Layouts<'p>,
    pub options: &'p Options<'p>,
    pub debug: Option<DebugInfo>,
    signatures: RefCell<IndexVec<FuncId, Option<Rc<Signature>>>>,
    functions: RefCell<IndexVec<FuncId, Option<Value>>>,
    statics: RefCell<IndexVec<StaticIdx, Option<Value>>>,
    vtables: RefCell<FxHashMap<VtableId, Value>>,
    strings: RefCell<FxHashMap<Arc<str>, Value>>,
    locations: RefCell<FxHashMap<Span, Value>>,
    runtime: RefCell<FxHashMap<Name, (Value, Type, bool)>>,
    /// Functions to be inlined that were mentioned here: every part has its own copies.
    pub copies: RefCell<Vec<FuncId>>,
    pub plans: Plans,
    pub resumers: RefCell<FxHashMap<FuncId, Value>>,
    pub adapters: RefCell<FxHashMap<FuncId, Value>>,
    pub task_entries: RefCell<FxHashMap<FuncId, Value>>,
}

impl<'p> Unit<'p> {
    pub fn new(
        program: &'p Program,
        options: &'p Options<'p>,
        parts: &'p Parts,
        part: usize,
        named: bool,
    ) -> Unit<'p> {
        let m = Module::new("altru", named);
        let debug = DebugInfo::new(&m, options);
        let count = program.functions.len();
        Unit {
            layouts: Layouts::new(program),
            debug,
            signatures: RefCell::new(IndexVec::from_elem(None, count)),
            functions: RefCell::new(IndexVec::from_elem(None, count)),
            statics: RefCell::new(IndexVec::from_elem(None, program.statics.len())),
            vtables: RefCell::default(),
            strings: RefCell::default(),
            locations: RefCell::default(),
            runtime: RefCell::default(),
            copies: RefCell::default(),
            parts,
            part,
            plans: Plans::default(),
            resumers: RefCell::default(),
            adapters: RefCell::default(),
            task_entries: RefCell::default(),
            m,
            program,
            options,
        }
    }

    pub fn sources(&self) -> &'p SourceMap {
        self.options.sources
    }

    pub fn layout(&self, ty: Ty) -> Rc<Layout> {
        self.layouts.of(ty)
    }

    /// The type of a scalar in registers.
    pub fn register(&self, prim: Prim) -> Type {
        match prim {
            Prim::Int(bits) => self.m.int(bits),
            Prim::Bool => self.m.i1,
            Prim::F32 => self.m.f32,
            Prim::F64 => self.m.f64,
            Prim::Ptr => self.m.ptr,
        }
    }

    /// The type of a scalar in memory.
    pub fn in_memory(&self, prim: Prim) -> Type {
        if prim == Prim::Bool { self.m.i8 } else { self.register(prim) }
    }

    pub fn register_type(&self, abi: Abi) -> Type {
        match abi {
            Abi::Zst | Abi::Memory => self.m.void,
            Abi::Scalar(a) => self.register(a.prim),
            Abi::Pair(a, b) => self.m.struct_type(&[self.register(a.prim), self.register(b.prim)]),
        }
    }

    /// What an array of `ty` is stepped over by.
    pub fn element_type(&self, layout: &Layout) -> Type {
        match layout.abi {
            Abi::Scalar(s) => self.in_memory(s.prim),
            _ => self.m.bytes(layout.size),
        }
    }

    /// The length of a list or string. What occupies bytes has to fit into the 47 bits of
    /// addresses that a process has, so that sums of positions cannot overflow.
    pub fn length(&self, ty: Ty) -> Scalar {
        const ADDRESSES: u128 = 1 << 47;
        let size = match *ty.kind() {
            TyKind::List(elem) => self.layout(elem).size,
            _ => 1,
        };
        let most = ADDRESSES.checked_div(u128::from(size)).unwrap_or(i64::MAX as u128);
        Scalar::ranged(Prim::Int(64), 0, most)
    }

    /// The length that a shared reference to a list or string carries.
    pub fn length_of_ref(&self, ty: Ty) -> Option<Scalar> {
        match *ty.kind() {
            TyKind::Ref(Mutability::Shared, pointee) if shared_meta(pointee) == Meta::Len => {
                Some(self.length(pointee))
            }
            _ => None,
        }
    }

    // ---- functions

    pub fn signature(&self, id: FuncId) -> Rc<Signature> {
        if let Some(found) = &self.signatures.borrow()[id] {
            return found.clone();
        }
        let body = &self.program.functions[id].body;
        let args: Vec<Ty> = body.locals.iter().skip(1).take(body.arg_count).map(|l| l.ty).collect();
        let ret = body.locals[mir::body::Local(0)].ty;
        let waits = self.program.waits.function(id);
        let signature = Rc::new(Signature::new(self, &args, ret, body.attrs.track_caller, waits));
        self.signatures.borrow_mut()[id] = Some(signature.clone());
        signature
    }

    pub fn may_unwind(&self, id: FuncId) -> bool {
        self.parts.may_unwind[id]
    }

    pub fn function(&self, id: FuncId) -> Value {
        if let Some(found) = self.functions.borrow()[id] {
            return found;
        }
        let function = &self.program.functions[id];
        let signature = self.signature(id);
        let inlined = self.parts.inlined[id];
        let value = match function.role {
            Role::Entry => self.m.add_function(&function.symbol, signature.ty),
            _ if inlined || self.parts.is_whole() => {
                let value = self.m.add_function(&function.symbol, signature.ty);
                self.m.set_internal(value);
                value
            }
            _ => {
                let value = self.m.add_function(&shared_symbol(&function.symbol), signature.ty);
                self.m.set_hidden(value);
                value
            }
        };
        signature.set_attributes(self, value);
        let attrs = &function.body.attrs;
        let flag = |name| self.m.add_attribute(value, self.m.attribute(name, 0));
        if !self.may_unwind(id) {
            flag("nounwind");
        }
        if self.options.is_debugged(function) {
            // Every line is stepped on and every variable is in memory, as the user wrote them.
            flag("noinline");
            flag("optnone");
        } else if attrs.cold {
            flag("cold");
            if !self.options.quick() {
                flag("noinline");
            }
        } else if inlined {
            flag("alwaysinline");
            if !self.parts.is_whole() {
                self.copies.borrow_mut().push(id);
            }
        } else if attrs.inline {
            flag(if self.is_thin(id) { "alwaysinline" } else { "inlinehint" });
        }
        if self.options.unwind_tables() {
            self.m.add_attribute(value, self.m.attribute("uwtable", 2));
        }
        // A frame larger than the guard page touches every page of it.
        self.m.add_attribute(value, self.m.string_attribute("probe-stack", "inline-asm"));
        if let Some(cpu) = self.options.cpu_attribute() {
            self.m.add_attribute(value, self.m.string_attribute("target-cpu", cpu));
        }
        self.functions.borrow_mut()[id] = Some(value);
        value
    }

    /// A function around one of the runtime's that are inlined.
    fn is_thin(&self, id: FuncId) -> bool {
        let inlines = |target: &Option<Target>| match target {
            Some(Target::Extern { symbol, .. }) => {
                abi::function(symbol.as_str()).is_some_and(|f| f.effects.inlined)
            }
            _ => false,
        };
        self.options.mode == Mode::Release && self.program.functions[id].targets.iter().any(inlines)
    }

    /// A function of the runtime or a foreign one: its declaration, type, and whether a panic
    /// may leave it. `signature` is used for one that is not in the runtime's list.
    pub fn external(
        &self,
        symbol: Name,
        signature: Option<(&[Type], Type)>,
    ) -> Result<(Value, Type, bool), String> {
        if let Some(&found) = self.runtime.borrow().get(&symbol) {
            return Ok(found);
        }
        let entry = match (abi::function(symbol.as_str()), signature) {
            (Some(function), _) => self.declare_runtime(function),
            (None, Some((params, ret))) => {
                let ty = self.m.fn_type(params, ret);
                let value = match self.m.function(symbol.as_str()) {
                    Some(value) => value,
                    None => self.m.add_function(symbol.as_str(), ty),
                };
                self.m.add_attribute(value, self.m.attribute("nounwind", 0));
                (value, ty, false)
            }
            (None, None) => return Err(format!("the runtime has no function `{symbol}`")),
        };
        self.runtime.borrow_mut().insert(symbol, entry);
        Ok(entry)
    }

    /// The runtime's word that says whether to look up.
    pub fn turns_over(&self) -> Value {
        let name = mir::mono::turns::FLAG;
        self.m.global(name).unwrap_or_else(|| self.m.add_global(name, self.m.i32, None, 4))
    }

    fn declare_runtime(&self, function: &abi::RuntimeFunction) -> (Value, Type, bool) {
        let ty_of = |ty: abi::Ty| match ty {
            abi::Ty::Void | abi::Ty::Never => self.m.void,
            abi::Ty::Ptr => self.m.ptr,
            abi::Ty::I8 => self.m.i8,
            abi::Ty::I32 => self.m.i32,
            abi::Ty::I64 | abi::Ty::Usize => self.m.i64,
            abi::Ty::F32 => self.m.f32,
            abi::Ty::F64 => self.m.f64,
        };
        let mut params: Vec<Type> = Vec::new();
        let mut ret = ty_of(function.ret);
        if function.effects.waits {
            // Context, parent, and where the result goes.
            params.extend([self.m.ptr; 2]);
            params.extend((function.ret != abi::Ty::Void).then_some(self.m.ptr));
            ret = self.m.i32;
        }
        params.extend(function.params.iter().map(|&(_, t)| ty_of(t)));
        let ty = self.m.fn_type(&params, ret);
        let value = self.m.add_function(function.name, ty);
        let flag = |name| self.m.add_attribute(value, self.m.attribute(name, 0));
        if function.ret == abi::Ty::Never {
            flag("noreturn");
        }
        if !function.effects.unwind {
            flag("nounwind");
        }
        if function.effects.cold {
            flag("cold");
        }
        self.set_allocator_attributes(value, function.effects.alloc);
        (value, ty, function.effects.unwind)
    }

    /// Lets LLVM remove and merge allocations.
    fn set_allocator_attributes(&self, value: Value, role: abi::Alloc) {
        const ALLOC: u64 = 1;
        const REALLOC: u64 = 2;
        const FREE: u64 = 4;
        const UNINITIALISED: u64 = 8;
        const ZEROED: u64 = 16;
        const ALIGNED: u64 = 32;
        let m = &self.m;
        let (kind, size, align, pointer) = match role {
            abi::Alloc::No => return,
            abi::Alloc::Fresh => (ALLOC | UNINITIALISED | ALIGNED, Some(0), Some(1), None),
            abi::Alloc::Zeroed => (ALLOC | ZEROED | ALIGNED, Some(0), Some(1), None),
            abi::Alloc::Realloc => (REALLOC | ALIGNED, Some(3), Some(2), Some(0)),
            abi::Alloc::Free => (FREE, None, None, Some(0)),
        };
        m.add_attribute(value, m.attribute("allockind", kind));
        m.add_attribute(value, m.string_attribute("alloc-family", "altru"));
        if let Some(size) = size {
            // The element count is absent: all ones in the low half.
            m.add_attribute(value, m.attribute("allocsize", (size << 32) | 0xFFFF_FFFF));
            m.add_param_attribute(value, None, m.attribute("noalias", 0));
            m.add_param_attribute(value, None, m.attribute("nonnull", 0));
            m.add_param_attribute(value, None, m.attribute("noundef", 0));
        }
        if let Some(align) = align {
            m.add_param_attribute(value, Some(align), m.attribute("allocalign", 0));
        }
        if let Some(pointer) = pointer {
            m.add_param_attribute(value, Some(pointer), m.attribute("allocptr", 0));
            m.add_param_attribute(value, Some(pointer), m.attribute("captures", 0));
        }
    }

    /// The function that LLVM asks what to do with an exception in a frame.
    pub fn personality(&self) -> Value {
        const NAME: &str = "rust_eh_personality";
        self.m.function(NAME).unwrap_or_else(|| {
            let m = &self.m;
            m.add_function(NAME, m.fn_type(&[m.i32, m.i32, m.i64, m.ptr, m.ptr], m.i32))
        })
    }

    /// An intrinsic of LLVM's by name, overloaded on `types`.
    pub fn llvm_intrinsic(&self, name: &str, types: &[Type]) -> (Value, Type) {
        use llvm_sys::core::{LLVMGetIntrinsicDeclaration, LLVMIntrinsicGetType, LLVMLookupIntrinsicID};
        let id = crate::llvm::ll!(LLVMLookupIntrinsicID(name.as_ptr().cast(), name.len()));
        assert!(id != 0, "LLVM has no intrinsic {name}");
        let types_ptr = types.as_ptr().cast_mut();
        let value = crate::llvm::ll!(LLVMGetIntrinsicDeclaration(self.m.module, id, types_ptr, types.len()));
        let ty = crate::llvm::ll!(LLVMIntrinsicGetType(self.m.context, id, types_ptr, types.len()));
        (value, ty)
    }

    pub fn call_llvm(&self, b: &Builder, name: &str, types: &[Type], args: &[Value]) -> Value {
        let (function, ty) = self.llvm_intrinsic(name, types);
        b.call(ty, function, args)
    }

    // ---- constants

    /// Address of static text.
    pub fn text(&self, text: &Arc<str>) -> Value {
        if text.is_empty() {
            return self.m.const_ptr(1);
        }
        if let Some(&found) = self.strings.borrow().get(text) {
            return found;
        }
        let value = self.m.add_constant("str", self.m.const_bytes(text.as_bytes()), 1);
        self.strings.borrow_mut().insert(text.clone(), value);
        value
    }

    /// A constant `abi::Location`.
    pub fn location(&self, span: Span) -> Value {
        let key = span.start();
        if let Some(&found) = self.locations.borrow().get(&key) {
            return found;
        }
        let file = self.sources().file(span.file);
        let at = file.line_col(span.lo);
        let name: Arc<str> = file.name.as_str().into();
        let m = &self.m;
        let value = m.const_struct(&[
            self.text(&name),
            m.const_i64(name.len() as i64),
            m.const_i32(at.line as i32),
            m.const_i32(at.col as i32),
        ]);
        let value = m.add_constant("loc", value, 8);
        self.locations.borrow_mut().insert(key, value);
        value
    }

    pub fn static_(&self, index: StaticIdx) -> Value {
        if let Some(found) = self.statics.borrow()[index] {
            return found;
        }
        let item = &self.program.statics[index];
        let layout = self.layout(item.ty);
        let ty = self.m.bytes(layout.size);
        let init = (self.part == 0).then(|| self.m.null(ty));
        let value = if self.parts.is_whole() {
            let value = self.m.add_global(&item.symbol, ty, init, layout.align);
            self.m.set_internal(value);
            value
        } else {
            let value = self.m.add_global(&shared_symbol(&item.symbol), ty, init, layout.align);
            self.m.set_hidden(value);
            value
        };
        self.statics.borrow_mut()[index] = Some(value);
        value
    }

    /// The first part has the variables, whether it uses them or not.
    pub fn define_statics(&self) {
        if self.part == 0 && !self.parts.is_whole() {
            for index in self.program.statics.ids() {
                self.static_(index);
            }
        }
    }

    /// Drop glue or null, size, alignment, methods.
    pub fn vtable(&self, id: VtableId) -> Value {
        if let Some(&found) = self.vtables.borrow().get(&id) {
            return found;
        }
        let vtable = &self.program.vtables[id];
        let layout = self.layout(vtable.ty);
        let m = &self.m;
        let address = |f: Option<FuncId>| f.map_or_else(|| m.null(m.ptr), |f| self.function(f));
        let mut fields =
            vec![address(vtable.drop), m.const_i64(layout.size as i64), m.const_i64(layout.align as i64)];
        fields.extend(vtable.methods.iter().enumerate().map(|(slot, &f)| match f {
            Some(f) if self.program.waits.slot(vtable.dyn_ty, slot as u32) => self.waiting_form(f),
            f => address(f),
        }));
        let value = m.add_constant(&vtable.symbol, m.const_struct(&fields), 8);
        self.vtables.borrow_mut().insert(id, value);
        value
    }

    /// A number that no other type of the program has, but for a collision of hashes.
    pub fn type_id(&self, ty: Ty) -> u64 {
        let mut hasher = DefaultHasher::new();
        format!("{:?}", ty.kind()).hash(&mut hasher);
        hasher.finish()
    }

    /// A type as the user writes it.
    pub fn type_name(&self, ty: Ty) -> String {
        let list = |list: &[Ty]| list.iter().map(|&t| self.type_name(t)).collect::<Vec<_>>().join(", ");
        match *ty.kind() {
            TyKind::Int(int) => int.name().to_owned(),
            TyKind::Float(mir::mono::ty::FloatTy::F32) => "f32".to_owned(),
            TyKind::Float(mir::mono::ty::FloatTy::F64) => "f64".to_owned(),
            TyKind::Bool => "bool".to_owned(),
            TyKind::Char => "char".to_owned(),
            TyKind::Str => "string".to_owned(),
            TyKind::Never => "!".to_owned(),
            TyKind::Tuple(elems) => format!("({})", list(elems)),
            TyKind::List(elem) => format!("[{}]", self.type_name(elem)),
            TyKind::Array(elem, len) => format!("[{}; {}]", self.type_name(elem), self.type_name(len)),
            TyKind::Const(n) => n.to_string(),
            TyKind::Ref(mir::mono::ty::Mutability::Shared, t) => format!("&{}", self.type_name(t)),
            TyKind::Ref(_, t) => format!("&mut {}", self.type_name(t)),
            TyKind::RawPtr(t) => format!("*{}", self.type_name(t)),
            TyKind::Adt(..) => match self.program.shapes.get(&ty) {
                Some(Shape::Struct(shape)) => shape.name.clone(),
                Some(Shape::Enum(shape)) => shape.name.clone(),
                _ => "?".to_owned(),
            },
            TyKind::Closure(..) => "{closure}".to_owned(),
            TyKind::Dyn(_) => "dyn".to_owned(),
            TyKind::DynFn(sig) => {
                let params: Vec<Ty> = sig.params.iter().map(|&(_, t)| t).collect();
                format!("dyn fn({}) -> {}", list(&params), self.type_name(sig.ret))
            }
            _ => "?".to_owned(),
        }
    }

    /// A scalar of the register form, as LLVM's constant.
    pub fn const_scalar(&self, scalar: Scalar, bits: u128) -> Value {
        match scalar.prim {
            Prim::Ptr => self.m.const_ptr(bits as u64),
            prim => self.m.const_int(self.register(prim), bits as i128),
        }
    }
}

/// What other parts know something by. Not the name itself, which could be that of a function of C.
pub fn shared_symbol(name: &str) -> String {
    format!("{name}.altru")
}
