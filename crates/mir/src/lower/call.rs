//! Calls, and how views flow through them.

use hir::items::FnKind;
use hir::thir::{self, ExprId};

use super::Builder;
use crate::body::{Aggregate, Call, CallFlow, Callee, Operand, Place, Rvalue, TerminatorKind};

impl Builder<'_> {
    pub fn call_into(&mut self, dest: &Place, callee: &thir::Callee, args: &[ExprId], expr: ExprId) {
        let data = &self.thir.exprs[expr];
        let (ty, span) = (data.ty, data.span);
        let operands = self.operands(args);
        // They belong to the callee from here on, also if it panics.
        self.moved(&operands);
        if let thir::Callee::Fn { id, args } = callee
            && let FnKind::Constructor(adt, variant) = self.program.fns[*id].kind
        {
            let aggregate = Aggregate::Adt { adt, variant, args };
            self.assign(dest.clone(), Rvalue::Aggregate(aggregate, operands), span);
            return;
        }
        let flow = self.call_flow(callee);
        let callee = match callee {
            thir::Callee::Fn { id, args } => Callee::Fn { id: *id, args },
            thir::Callee::TraitMethod { trait_, method, args } => {
                Callee::TraitMethod { trait_: *trait_, method: *method, args }
            }
            thir::Callee::DynMethod { trait_, method, args } => {
                Callee::DynMethod { trait_: *trait_, method: *method, args }
            }
            thir::Callee::Value { ty, sig } => Callee::Value { ty: *ty, sig: *sig },
        };
        self.call(dest, callee, operands, flow, ty.is_never(), span);
    }

    pub fn call(
        &mut self,
        dest: &Place,
        callee: Callee,
        args: Vec<Operand>,
        flow: CallFlow,
        diverges: bool,
        span: base::Span,
    ) {
        let destination = dest.clone();
        self.terminate_into_next(
            |next| {
                let target = (!diverges).then_some(next);
                TerminatorKind::Call(Box::new(Call { callee, args, destination, target, unwind: None, flow }))
            },
            span,
        );
    }

    fn call_flow(&self, callee: &thir::Callee) -> CallFlow {
        match callee {
            thir::Callee::Fn { id, args } => self.types.flow(&self.program.fns[*id], args),
            thir::Callee::TraitMethod { method, args, .. } | thir::Callee::DynMethod { method, args, .. } => {
                self.types.flow(&self.program.fns[*method], args)
            }
            thir::Callee::Value { sig, .. } => self.types.value_flow(sig),
        }
    }
}
