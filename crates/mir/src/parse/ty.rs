//! Types in the text form.

use base::Name;
use hir::items::{AdtId, TraitId};
use hir::ty::{
    Conv, DynTy, FloatTy, FnSig, IntTy, Projection, Ty, TyKind, Tys, leak_bindings, leak_params, tys,
};
use syntax::ast::Convention;

use super::{Parser, Result};

impl Parser<'_> {
    pub(super) fn ty(&mut self) -> Result<Ty> {
        self.space();
        let rest = self.rest();
        if self.eat("&") {
            let mutability = self.mutability();
            let to = self.ty()?;
            return Ok(Ty::new(TyKind::Ref(mutability, to)));
        }
        if self.eat("*") {
            return Ok(Ty::raw_ptr(self.ty()?));
        }
        if self.eat("!") {
            return Ok(Ty::never());
        }
        if self.eat("(") {
            let mut elems = Vec::new();
            while !self.eat(")") {
                elems.push(self.ty()?);
                self.eat(",");
            }
            return Ok(Ty::tuple(&elems));
        }
        if self.eat("[") {
            let elem = self.ty()?;
            if self.eat(";") {
                let len = self.ty()?;
                self.expect("]")?;
                return Ok(Ty::new(TyKind::Array(elem, len)));
            }
            self.expect("]")?;
            return Ok(Ty::list(elem));
        }
        if self.eat("<") {
            let mut args = vec![self.ty()?];
            self.expect("as")?;
            let trait_ = self.trait_name()?;
            args.extend(self.args()?);
            self.expect(">::")?;
            let name = Name::new(self.word()?);
            return Ok(Ty::new(TyKind::Projection(Projection { trait_, args: tys(&args), name })));
        }
        if rest.starts_with("{closure ") {
            let (id, args) = self.closure()?;
            return Ok(Ty::new(TyKind::Closure(id, args)));
        }
        if self.eat("{error}") {
            return Ok(Ty::error());
        }
        if rest.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
            return Ok(Ty::new(TyKind::Const(self.number()?)));
        }
        if self.eat_word("dyn") {
            return self.dyn_ty();
        }
        let word = self.word()?;
        if self.rest().starts_with('/') {
            self.at += 1;
            let index = self.index()?;
            return Ok(Ty::param(index, Name::new(word)));
        }
        if let Some((int, _)) = IntTy::ALL.iter().find(|(t, n)| t.name() == word || *n == word) {
            return Ok(Ty::int_of(*int));
        }
        Ok(match word {
            "float" => Ty::float(),
            "f32" => Ty::new(TyKind::Float(FloatTy::F32)),
            "bool" => Ty::bool(),
            "char" => Ty::char(),
            "string" => Ty::str(),
            "adt" => {
                self.expect("#")?;
                let id = AdtId(self.index()?);
                Ty::new(TyKind::Adt(id, self.args()?))
            }
            name => match self.items.adt(name) {
                Some(id) => Ty::new(TyKind::Adt(id, self.args()?)),
                None => return self.error(format!("unknown type `{name}`")),
            },
        })
    }

    /// `[A, B]`, if there is one.
    pub(super) fn args(&mut self) -> Result<Tys> {
        let mut list = Vec::new();
        if self.rest().starts_with('[') {
            self.at += 1;
            while !self.eat("]") {
                list.push(self.ty()?);
                self.eat(",");
            }
        }
        Ok(tys(&list))
    }

    fn trait_name(&mut self) -> Result<TraitId> {
        if self.eat("trait#") {
            return Ok(TraitId(self.index()?));
        }
        let name = self.word()?;
        match self.items.trait_(name) {
            Some(id) => Ok(id),
            None => self.error(format!("unknown trait `{name}`")),
        }
    }

    fn dyn_ty(&mut self) -> Result<Ty> {
        self.space();
        let rest = self.rest();
        if ["fn(", "mut fn(", "own fn("].iter().any(|s| rest.starts_with(s)) {
            return Ok(Ty::new(TyKind::DynFn(self.sig()?)));
        }
        let trait_ = self.trait_name()?;
        let mut args = Vec::new();
        let mut bindings = Vec::new();
        if self.rest().starts_with('[') {
            self.at += 1;
            while !self.eat("]") {
                // `Item = T` or an argument.
                let at = self.at;
                let named = self.word().ok().filter(|_| self.eat("="));
                match named {
                    Some(name) => bindings.push((Name::new(name), self.ty()?)),
                    None => {
                        self.at = at;
                        args.push(self.ty()?);
                    }
                }
                self.eat(",");
            }
        }
        Ok(Ty::new(TyKind::Dyn(DynTy { trait_, args: tys(&args), bindings: leak_bindings(&bindings) })))
    }

    pub(super) fn sig(&mut self) -> Result<FnSig> {
        let call = if self.eat_word("mut") {
            Convention::Mut
        } else if self.eat_word("own") {
            Convention::Own
        } else {
            Convention::Read
        };
        self.expect("fn(")?;
        let mut params = Vec::new();
        while !self.eat(")") {
            let conv = match self.word()? {
                "val" => Conv::Val,
                "ref" => Conv::Ref,
                "mut" => Conv::Mut,
                "own" => Conv::Own,
                _ => return self.error("expected a convention"),
            };
            params.push((conv, self.ty()?));
            self.eat(",");
        }
        self.expect("->")?;
        let ret = self.ty()?;
        Ok(FnSig { call, params: leak_params(&params), ret })
    }
}
