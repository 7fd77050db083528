//! A thin layer over LLVM's C interface: one context with one module, and a builder.
//!
//! It adds types for nothing and checks nothing: LLVM's verifier runs over every module in
//! debug builds of the compiler and in tests. Over inkwell it has debug records that work,
//! ORC, attributes on call sites, and no allocation for each instruction. The one thing to
//! know: every [`Value`], [`Type`] and [`Block`] belongs to the [`Module`] it was made from and
//! is never used beyond it; that is what each unsafe block here relies on.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_uint};

use base::FxHashMap;
use llvm_sys::bit_reader::LLVMParseBitcodeInContext2;
use llvm_sys::bit_writer::LLVMWriteBitcodeToMemoryBuffer;
use llvm_sys::core::*;
use llvm_sys::prelude::*;
use llvm_sys::{
    LLVMAtomicOrdering, LLVMAtomicRMWBinOp, LLVMGEPFlagInBounds, LLVMGEPFlagNUW, LLVMLinkage, LLVMUnnamedAddr,
};

pub use llvm_sys::{LLVMIntPredicate as IntCmp, LLVMRealPredicate as FloatCmp};

pub type Value = LLVMValueRef;
pub type Type = LLVMTypeRef;
pub type Block = LLVMBasicBlockRef;
pub type Metadata = LLVMMetadataRef;

/// Calls LLVM.
macro_rules! ll {
    ($e:expr) => {{
        // SAFETY: the arguments belong to the live context of the `Module` at hand (see the
        // module head) and have the kinds that the function asks for; strings and arrays are
        // passed with their lengths or NUL-terminated and outlive the call.
        #[allow(unused_unsafe)]
        unsafe {
            $e
        }
    }};
}
pub(crate) use ll;

const EMPTY: *const c_char = c"".as_ptr();

/// A context with one module in it.
pub struct Module {
    pub context: LLVMContextRef,
    pub module: LLVMModuleRef,
    pub ptr: Type,
    pub void: Type,
    pub i1: Type,
    pub i8: Type,
    pub i32: Type,
    pub i64: Type,
    pub f32: Type,
    pub f64: Type,
    kinds: RefCell<FxHashMap<&'static str, c_uint>>,
    metadata_kinds: RefCell<FxHashMap<&'static str, c_uint>>,
}

impl Drop for Module {
    fn drop(&mut self) {
        ll!(LLVMDisposeModule(self.module));
        ll!(LLVMContextDispose(self.context));
    }
}

impl Module {
    /// An empty module. `named`: values inside functions keep their names, for dumps.
    pub fn new(name: &str, named: bool) -> Module {
        let context = ll!(LLVMContextCreate());
        ll!(LLVMContextSetDiscardValueNames(context, i32::from(!named)));
        let name = CString::new(name).unwrap_or_default();
        let module = ll!(LLVMModuleCreateWithNameInContext(name.as_ptr(), context));
        Module::around(context, module)
    }

    pub fn bitcode(&self) -> Vec<u8> {
        take_buffer(ll!(LLVMWriteBitcodeToMemoryBuffer(self.module)))
    }

    /// A module in a context of its own, from what [`Self::bitcode`] gave.
    pub fn read(bitcode: &[u8]) -> Result<Module, String> {
        let context = ll!(LLVMContextCreate());
        ll!(LLVMContextSetDiscardValueNames(context, 1));
        let buffer = ll!(LLVMCreateMemoryBufferWithMemoryRangeCopy(
            bitcode.as_ptr().cast(),
            bitcode.len(),
            c"altru".as_ptr()
        ));
        let mut module = std::ptr::null_mut();
        let failed = ll!(LLVMParseBitcodeInContext2(context, buffer, &mut module)) != 0;
        ll!(LLVMDisposeMemoryBuffer(buffer));
        if failed {
            ll!(LLVMContextDispose(context));
            return Err("LLVM does not read the bitcode that it wrote".into());
        }
        Ok(Module::around(context, module))
    }

    fn around(context: LLVMContextRef, module: LLVMModuleRef) -> Module {
        Module {
            context,
            module,
            ptr: ll!(LLVMPointerTypeInContext(context, 0)),
            void: ll!(LLVMVoidTypeInContext(context)),
            i1: ll!(LLVMInt1TypeInContext(context)),
            i8: ll!(LLVMInt8TypeInContext(context)),
            i32: ll!(LLVMInt32TypeInContext(context)),
            i64: ll!(LLVMInt64TypeInContext(context)),
            f32: ll!(LLVMFloatTypeInContext(context)),
            f64: ll!(LLVMDoubleTypeInContext(context)),
            kinds: RefCell::default(),
            metadata_kinds: RefCell::default(),
        }
    }

    // ---- types

    pub fn int(&self, bits: u32) -> Type {
        ll!(LLVMIntTypeInContext(self.context, bits))
    }

    pub fn struct_type(&self, fields: &[Type]) -> Type {
        ll!(LLVMStructTypeInContext(self.context, fields.as_ptr().cast_mut(), fields.len() as c_uint, 0))
    }

    pub fn array(&self, elem: Type, len: u64) -> Type {
        ll!(LLVMArrayType2(elem, len))
    }

    pub fn bytes(&self, len: u64) -> Type {
        self.array(self.i8, len)
    }

    pub fn vector(&self, elem: Type, len: u32) -> Type {
        ll!(LLVMVectorType(elem, len))
    }

    pub fn fn_type(&self, params: &[Type], ret: Type) -> Type {
        ll!(LLVMFunctionType(ret, params.as_ptr().cast_mut(), params.len() as c_uint, 0))
    }

    // ---- constants

    pub fn const_int(&self, ty: Type, value: i128) -> Value {
        ll!(LLVMConstInt(ty, value as u64, 0))
    }

    pub fn const_i64(&self, value: i64) -> Value {
        self.const_int(self.i64, i128::from(value))
    }

    pub fn const_i32(&self, value: i32) -> Value {
        self.const_int(self.i32, i128::from(value))
    }

    pub fn const_bool(&self, value: bool) -> Value {
        self.const_int(self.i1, i128::from(value))
    }

    pub fn const_float(&self, ty: Type, value: f64) -> Value {
        ll!(LLVMConstReal(ty, value))
    }

    pub fn null(&self, ty: Type) -> Value {
        ll!(LLVMConstNull(ty))
    }

    pub fn poison(&self, ty: Type) -> Value {
        ll!(LLVMGetPoison(ty))
    }

    /// A pointer with this address.
    pub fn const_ptr(&self, address: u64) -> Value {
        ll!(LLVMConstIntToPtr(self.const_int(self.i64, i128::from(address)), self.ptr))
    }

    pub fn const_struct(&self, fields: &[Value]) -> Value {
        ll!(LLVMConstStructInContext(self.context, fields.as_ptr().cast_mut(), fields.len() as c_uint, 0))
    }

    pub fn const_array(&self, elem: Type, values: &[Value]) -> Value {
        ll!(LLVMConstArray2(elem, values.as_ptr().cast_mut(), values.len() as u64))
    }

    pub fn const_bytes(&self, bytes: &[u8]) -> Value {
        ll!(LLVMConstStringInContext2(self.context, bytes.as_ptr().cast(), bytes.len(), 1))
    }

    // ---- functions and globals

    pub fn add_function(&self, symbol: &str, ty: Type) -> Value {
        let symbol = CString::new(symbol).unwrap_or_default();
        ll!(LLVMAddFunction(self.module, symbol.as_ptr(), ty))
    }

    pub fn function(&self, symbol: &str) -> Option<Value> {
        let symbol = CString::new(symbol).unwrap_or_default();
        let found = ll!(LLVMGetNamedFunction(self.module, symbol.as_ptr()));
        (!found.is_null()).then_some(found)
    }

    pub fn global(&self, symbol: &str) -> Option<Value> {
        let symbol = CString::new(symbol).unwrap_or_default();
        let found = ll!(LLVMGetNamedGlobal(self.module, symbol.as_ptr()));
        (!found.is_null()).then_some(found)
    }

    pub fn set_internal(&self, global: Value) {
        ll!(LLVMSetLinkage(global, LLVMLinkage::LLVMInternalLinkage));
    }

    /// Visible to other objects of the same executable only.
    pub fn set_hidden(&self, global: Value) {
        ll!(LLVMSetVisibility(global, llvm_sys::LLVMVisibility::LLVMHiddenVisibility));
    }

    pub fn set_private(&self, global: Value) {
        ll!(LLVMSetLinkage(global, LLVMLinkage::LLVMPrivateLinkage));
    }

    pub fn add_global(&self, symbol: &str, ty: Type, init: Option<Value>, align: u64) -> Value {
        let symbol = CString::new(symbol).unwrap_or_default();
        let global = ll!(LLVMAddGlobal(self.module, ty, symbol.as_ptr()));
        if let Some(init) = init {
            ll!(LLVMSetInitializer(global, init));
        }
        ll!(LLVMSetAlignment(global, align.max(1) as c_uint));
        global
    }

    /// A private constant whose address does not matter.
    pub fn add_constant(&self, symbol: &str, init: Value, align: u64) -> Value {
        let global = self.add_global(symbol, ll!(LLVMTypeOf(init)), Some(init), align);
        self.set_private(global);
        ll!(LLVMSetGlobalConstant(global, 1));
        ll!(LLVMSetUnnamedAddress(global, LLVMUnnamedAddr::LLVMGlobalUnnamedAddr));
        global
    }

    pub fn append_block(&self, function: Value, name: &CStr) -> Block {
        ll!(LLVMAppendBasicBlockInContext(self.context, function, name.as_ptr()))
    }

    pub fn param(&self, function: Value, index: u32) -> Value {
        ll!(LLVMGetParam(function, index))
    }

    // ---- attributes and metadata

    fn attribute_kind(&self, name: &'static str) -> c_uint {
        *self.kinds.borrow_mut().entry(name).or_insert_with(|| {
            let kind = ll!(LLVMGetEnumAttributeKindForName(name.as_ptr().cast(), name.len()));
            debug_assert!(kind != 0, "no attribute {name}");
            kind
        })
    }

    pub fn attribute(&self, name: &'static str, value: u64) -> LLVMAttributeRef {
        ll!(LLVMCreateEnumAttribute(self.context, self.attribute_kind(name), value))
    }

    pub fn type_attribute(&self, name: &'static str, ty: Type) -> LLVMAttributeRef {
        ll!(LLVMCreateTypeAttribute(self.context, self.attribute_kind(name), ty))
    }

    /// `low..end` of a 64-bit integer.
    pub fn range_attribute(&self, low: u64, end: u64) -> LLVMAttributeRef {
        ll!(LLVMCreateConstantRangeAttribute(self.context, self.attribute_kind("range"), 64, &low, &end))
    }

    pub fn string_attribute(&self, key: &str, value: &str) -> LLVMAttributeRef {
        ll!(LLVMCreateStringAttribute(
            self.context,
            key.as_ptr().cast(),
            key.len() as c_uint,
            value.as_ptr().cast(),
            value.len() as c_uint
        ))
    }

    /// On the whole function.
    pub fn add_attribute(&self, function: Value, attribute: LLVMAttributeRef) {
        ll!(LLVMAddAttributeAtIndex(function, llvm_sys::LLVMAttributeFunctionIndex, attribute));
    }

    /// On a parameter, from 0, or with `None` on the result.
    pub fn add_param_attribute(&self, function: Value, index: Option<u32>, attribute: LLVMAttributeRef) {
        let index = index.map_or(llvm_sys::LLVMAttributeReturnIndex, |i| i + 1);
        ll!(LLVMAddAttributeAtIndex(function, index, attribute));
    }

    pub fn add_call_attribute(&self, call: Value, attribute: LLVMAttributeRef) {
        ll!(LLVMAddCallSiteAttribute(call, llvm_sys::LLVMAttributeFunctionIndex, attribute));
    }

    pub fn add_call_param_attribute(&self, call: Value, index: Option<u32>, attribute: LLVMAttributeRef) {
        let index = index.map_or(llvm_sys::LLVMAttributeReturnIndex, |i| i + 1);
        ll!(LLVMAddCallSiteAttribute(call, index, attribute));
    }

    pub fn metadata_kind(&self, name: &'static str) -> c_uint {
        *self.metadata_kinds.borrow_mut().entry(name).or_insert_with(|| {
            ll!(LLVMGetMDKindIDInContext(self.context, name.as_ptr().cast(), name.len() as c_uint))
        })
    }

    pub fn metadata_node(&self, items: &[Value]) -> Value {
        let mut items: Vec<Metadata> = items.iter().map(|&v| ll!(LLVMValueAsMetadata(v))).collect();
        let node = ll!(LLVMMDNodeInContext2(self.context, items.as_mut_ptr(), items.len()));
        ll!(LLVMMetadataAsValue(self.context, node))
    }

    pub fn set_metadata(&self, instruction: Value, kind: &'static str, node: Value) {
        ll!(LLVMSetMetadata(instruction, self.metadata_kind(kind), node));
    }

    /// Says that a conditional branch goes its first way nearly always.
    pub fn set_likely(&self, branch: Value) {
        self.set_weights(branch, 2000, 1);
    }

    /// Says that a conditional branch goes its second way nearly always.
    pub fn set_unlikely(&self, branch: Value) {
        self.set_weights(branch, 1, 2000);
    }

    fn set_weights(&self, branch: Value, then: i32, otherwise: i32) {
        let name = b"branch_weights";
        let text = ll!(LLVMMDStringInContext2(self.context, name.as_ptr().cast(), name.len()));
        let text = ll!(LLVMMetadataAsValue(self.context, text));
        let node = self.metadata_node(&[text, self.const_i32(then), self.const_i32(otherwise)]);
        self.set_metadata(branch, "prof", node);
    }

    /// No instructions, which use what they are given a pointer to. `ty` is what it is called as.
    pub fn opaque_use(&self, ty: Type) -> Value {
        const USES: &str = "r,~{memory}";
        let (uses, len) = (USES.as_ptr().cast(), USES.len());
        let dialect = llvm_sys::LLVMInlineAsmDialect::LLVMInlineAsmDialectATT;
        ll!(LLVMGetInlineAsm(ty, EMPTY, 0, uses, len, 1, 0, dialect, 0))
    }

    pub fn add_flag(&self, key: &str, value: u32) {
        let value = ll!(LLVMValueAsMetadata(self.const_int(self.i32, i128::from(value))));
        ll!(LLVMAddModuleFlag(
            self.module,
            llvm_sys::LLVMModuleFlagBehavior::LLVMModuleFlagBehaviorWarning,
            key.as_ptr().cast(),
            key.len(),
            value
        ));
    }

    /// What is wrong with the module, if anything is.
    pub fn verify(&self) -> Result<(), String> {
        let mut message = std::ptr::null_mut();
        let action = llvm_sys::analysis::LLVMVerifierFailureAction::LLVMReturnStatusAction;
        let broken = ll!(llvm_sys::analysis::LLVMVerifyModule(self.module, action, &mut message));
        let text = take_message(message);
        if broken != 0 { Err(text) } else { Ok(()) }
    }

    pub fn text(&self) -> String {
        take_message(ll!(LLVMPrintModuleToString(self.module)))
    }

    pub fn type_of(&self, value: Value) -> Type {
        ll!(LLVMTypeOf(value))
    }
}

/// Copies and frees a buffer of LLVM's.
pub fn take_buffer(buffer: LLVMMemoryBufferRef) -> Vec<u8> {
    let (start, len) = (ll!(LLVMGetBufferStart(buffer)), ll!(LLVMGetBufferSize(buffer)));
    let bytes = ll!(std::slice::from_raw_parts(start.cast::<u8>(), len)).to_vec();
    ll!(LLVMDisposeMemoryBuffer(buffer));
    bytes
}

/// Copies and frees a message of LLVM's.
pub fn take_message(message: *mut c_char) -> String {
    if message.is_null() {
        return String::new();
    }
    let text = ll!(CStr::from_ptr(message)).to_string_lossy().into_owned();
    ll!(LLVMDisposeMessage(message));
    text
}

/// Appends instructions to one block at a time.
pub struct Builder {
    pub raw: LLVMBuilderRef,
}

impl Drop for Builder {
    fn drop(&mut self) {
        ll!(LLVMDisposeBuilder(self.raw));
    }
}

macro_rules! binary {
    ($($name:ident = $f:ident),* $(,)?) => {
        $(pub fn $name(&self, a: Value, b: Value) -> Value {
            ll!($f(self.raw, a, b, EMPTY))
        })*
    };
}

macro_rules! convert {
    ($($name:ident = $f:ident),* $(,)?) => {
        $(pub fn $name(&self, a: Value, ty: Type) -> Value {
            ll!($f(self.raw, a, ty, EMPTY))
        })*
    };
}

impl Builder {
    pub fn new(module: &Module) -> Builder {
        Builder { raw: ll!(LLVMCreateBuilderInContext(module.context)) }
    }

    pub fn at_end(&self, block: Block) {
        ll!(LLVMPositionBuilderAtEnd(self.raw, block));
    }

    pub fn current(&self) -> Block {
        ll!(LLVMGetInsertBlock(self.raw))
    }

    binary! {
        add = LLVMBuildAdd, sub = LLVMBuildSub, mul = LLVMBuildMul,
        nuw_add = LLVMBuildNUWAdd, nuw_mul = LLVMBuildNUWMul, nuw_sub = LLVMBuildNUWSub,
        exact_sdiv = LLVMBuildExactSDiv,
        udiv = LLVMBuildUDiv, sdiv = LLVMBuildSDiv, urem = LLVMBuildURem, srem = LLVMBuildSRem,
        fadd = LLVMBuildFAdd, fsub = LLVMBuildFSub, fmul = LLVMBuildFMul, fdiv = LLVMBuildFDiv,
        frem = LLVMBuildFRem, and = LLVMBuildAnd, or = LLVMBuildOr, xor = LLVMBuildXor,
        shl = LLVMBuildShl, lshr = LLVMBuildLShr, ashr = LLVMBuildAShr,
    }

    convert! {
        trunc = LLVMBuildTrunc, zext = LLVMBuildZExt, sext = LLVMBuildSExt,
        fptrunc = LLVMBuildFPTrunc, fpext = LLVMBuildFPExt, sitofp = LLVMBuildSIToFP,
        uitofp = LLVMBuildUIToFP, ptrtoint = LLVMBuildPtrToInt, inttoptr = LLVMBuildIntToPtr,
        bitcast = LLVMBuildBitCast,
    }

    pub fn neg(&self, a: Value) -> Value {
        ll!(LLVMBuildNeg(self.raw, a, EMPTY))
    }

    pub fn fneg(&self, a: Value) -> Value {
        ll!(LLVMBuildFNeg(self.raw, a, EMPTY))
    }

    pub fn not(&self, a: Value) -> Value {
        ll!(LLVMBuildNot(self.raw, a, EMPTY))
    }

    pub fn icmp(&self, op: IntCmp, a: Value, b: Value) -> Value {
        ll!(LLVMBuildICmp(self.raw, op, a, b, EMPTY))
    }

    pub fn fcmp(&self, op: FloatCmp, a: Value, b: Value) -> Value {
        ll!(LLVMBuildFCmp(self.raw, op, a, b, EMPTY))
    }

    pub fn select(&self, condition: Value, then: Value, otherwise: Value) -> Value {
        ll!(LLVMBuildSelect(self.raw, condition, then, otherwise, EMPTY))
    }

    pub fn extract(&self, aggregate: Value, index: u32) -> Value {
        ll!(LLVMBuildExtractValue(self.raw, aggregate, index, EMPTY))
    }

    pub fn insert(&self, aggregate: Value, value: Value, index: u32) -> Value {
        ll!(LLVMBuildInsertValue(self.raw, aggregate, value, index, EMPTY))
    }

    pub fn phi(&self, ty: Type, incoming: &[(Value, Block)]) -> Value {
        let phi = ll!(LLVMBuildPhi(self.raw, ty, EMPTY));
        let (mut values, mut blocks): (Vec<_>, Vec<_>) = incoming.iter().copied().unzip();
        ll!(LLVMAddIncoming(phi, values.as_mut_ptr(), blocks.as_mut_ptr(), values.len() as c_uint));
        phi
    }

    // ---- memory

    pub fn alloca(&self, ty: Type, align: u64) -> Value {
        let slot = ll!(LLVMBuildAlloca(self.raw, ty, EMPTY));
        ll!(LLVMSetAlignment(slot, align.max(1) as c_uint));
        slot
    }

    pub fn load(&self, ty: Type, from: Value, align: u64) -> Value {
        let load = ll!(LLVMBuildLoad2(self.raw, ty, from, EMPTY));
        ll!(LLVMSetAlignment(load, align.max(1) as c_uint));
        load
    }

    pub fn store(&self, value: Value, to: Value, align: u64) -> Value {
        let store = ll!(LLVMBuildStore(self.raw, value, to));
        ll!(LLVMSetAlignment(store, align.max(1) as c_uint));
        store
    }

    /// `ptr + index` elements of type `elem`, inside one allocation.
    pub fn gep(&self, elem: Type, ptr: Value, index: Value) -> Value {
        let mut indices = [index];
        ll!(LLVMBuildInBoundsGEP2(self.raw, elem, ptr, indices.as_mut_ptr(), 1, EMPTY))
    }

    /// The same where the result may lie outside of what `ptr` points into.
    pub fn wrapping_gep(&self, elem: Type, ptr: Value, index: Value) -> Value {
        let mut indices = [index];
        ll!(LLVMBuildGEP2(self.raw, elem, ptr, indices.as_mut_ptr(), 1, EMPTY))
    }

    /// [`Builder::gep`] for an index that is not negative.
    pub fn gep_up(&self, elem: Type, ptr: Value, index: Value) -> Value {
        let mut indices = [index];
        let flags = LLVMGEPFlagInBounds | LLVMGEPFlagNUW;
        ll!(LLVMBuildGEPWithNoWrapFlags(self.raw, elem, ptr, indices.as_mut_ptr(), 1, EMPTY, flags))
    }

    pub fn memcpy(&self, to: Value, to_align: u64, from: Value, from_align: u64, size: Value) {
        ll!(LLVMBuildMemCpy(
            self.raw,
            to,
            to_align.max(1) as c_uint,
            from,
            from_align.max(1) as c_uint,
            size
        ));
    }

    pub fn memmove(&self, to: Value, to_align: u64, from: Value, from_align: u64, size: Value) {
        ll!(LLVMBuildMemMove(
            self.raw,
            to,
            to_align.max(1) as c_uint,
            from,
            from_align.max(1) as c_uint,
            size
        ));
    }

    pub fn memset(&self, to: Value, byte: Value, size: Value, align: u64) {
        ll!(LLVMBuildMemSet(self.raw, to, byte, size, align.max(1) as c_uint));
    }

    pub fn atomic_load(&self, ty: Type, from: Value, align: u64, ordering: LLVMAtomicOrdering) -> Value {
        let load = self.load(ty, from, align);
        ll!(LLVMSetOrdering(load, ordering));
        load
    }

    pub fn atomic_store(&self, value: Value, to: Value, align: u64, ordering: LLVMAtomicOrdering) {
        let store = self.store(value, to, align);
        ll!(LLVMSetOrdering(store, ordering));
    }

    pub fn atomic_rmw(
        &self,
        op: LLVMAtomicRMWBinOp,
        at: Value,
        value: Value,
        ordering: LLVMAtomicOrdering,
    ) -> Value {
        ll!(LLVMBuildAtomicRMW(self.raw, op, at, value, ordering, 0))
    }

    /// `{ found, replaced }`
    pub fn atomic_cas(
        &self,
        at: Value,
        old: Value,
        new: Value,
        ok: LLVMAtomicOrdering,
        failed: LLVMAtomicOrdering,
    ) -> Value {
        ll!(LLVMBuildAtomicCmpXchg(self.raw, at, old, new, ok, failed, 0))
    }

    pub fn fence(&self, ordering: LLVMAtomicOrdering) {
        ll!(LLVMBuildFence(self.raw, ordering, 0, EMPTY));
    }

    // ---- control

    pub fn call(&self, ty: Type, function: Value, args: &[Value]) -> Value {
        ll!(LLVMBuildCall2(self.raw, ty, function, args.as_ptr().cast_mut(), args.len() as c_uint, EMPTY))
    }

    pub fn invoke(&self, ty: Type, function: Value, args: &[Value], then: Block, unwind: Block) -> Value {
        ll!(LLVMBuildInvoke2(
            self.raw,
            ty,
            function,
            args.as_ptr().cast_mut(),
            args.len() as c_uint,
            then,
            unwind,
            EMPTY
        ))
    }

    pub fn landing_pad(&self, ty: Type) -> Value {
        let pad = ll!(LLVMBuildLandingPad(self.raw, ty, std::ptr::null_mut(), 0, EMPTY));
        ll!(LLVMSetCleanup(pad, 1));
        pad
    }

    /// One that ends the unwinding here.
    pub fn catch_all_pad(&self, ty: Type, null: Value) -> Value {
        let pad = ll!(LLVMBuildLandingPad(self.raw, ty, std::ptr::null_mut(), 1, EMPTY));
        ll!(LLVMAddClause(pad, null));
        pad
    }

    pub fn resume(&self, exception: Value) {
        ll!(LLVMBuildResume(self.raw, exception));
    }

    pub fn br(&self, to: Block) {
        ll!(LLVMBuildBr(self.raw, to));
    }

    pub fn cond_br(&self, condition: Value, then: Block, otherwise: Block) -> Value {
        ll!(LLVMBuildCondBr(self.raw, condition, then, otherwise))
    }

    pub fn switch(&self, value: Value, otherwise: Block, cases: &[(Value, Block)]) -> Value {
        let switch = ll!(LLVMBuildSwitch(self.raw, value, otherwise, cases.len() as c_uint));
        for &(value, block) in cases {
            ll!(LLVMAddCase(switch, value, block));
        }
        switch
    }

    pub fn ret(&self, value: Option<Value>) {
        match value {
            Some(value) => ll!(LLVMBuildRet(self.raw, value)),
            None => ll!(LLVMBuildRetVoid(self.raw)),
        };
    }

    pub fn unreachable(&self) {
        ll!(LLVMBuildUnreachable(self.raw));
    }
}

/// The value, if it is a constant integer.
pub fn constant_int(value: Value) -> Option<i64> {
    let found = ll!(LLVMIsAConstantInt(value));
    (!found.is_null()).then(|| ll!(LLVMConstIntGetSExtValue(found)))
}

pub fn parameter_types(function: Type) -> Vec<Type> {
    let count = ll!(LLVMCountParamTypes(function)) as usize;
    let mut types = vec![std::ptr::null_mut(); count];
    ll!(LLVMGetParamTypes(function, types.as_mut_ptr()));
    types
}

pub fn result_type(function: Type) -> Type {
    ll!(LLVMGetReturnType(function))
}

pub fn add_incoming(phi: Value, value: Value, block: Block) {
    let (mut values, mut blocks) = ([value], [block]);
    ll!(LLVMAddIncoming(phi, values.as_mut_ptr(), blocks.as_mut_ptr(), 1));
}

pub fn int_width(ty: Type) -> u32 {
    ll!(LLVMGetIntTypeWidth(ty))
}

impl Builder {
    pub fn insert_element(&self, vector: Value, value: Value, index: Value) -> Value {
        ll!(LLVMBuildInsertElement(self.raw, vector, value, index, EMPTY))
    }

    pub fn shuffle(&self, a: Value, b: Value, mask: Value) -> Value {
        ll!(LLVMBuildShuffleVector(self.raw, a, b, mask, EMPTY))
    }
}
