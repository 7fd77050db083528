//! Macros of another language: `println!("{}", x)`, `vec![1, 2]`.

use base::{Applicability, Diagnostic, Span, codes};

use super::Parser;
use crate::ast::*;
use crate::token::TokenKind as T;

impl Parser<'_> {
    /// At `!` after a name: `println!(…)`.
    pub(super) fn at_macro(&self, callee: &Expr) -> bool {
        let (bang, next) = (self.tok(), self.nth(1));
        matches!(callee.kind, ExprKind::Path(_))
            && self.adjacent()
            && next.lo == bang.hi
            && matches!(next.kind, T::LParen | T::LBracket | T::LBrace)
    }

    /// `name!(…)` as the call, `vec![…]` as the list.
    pub(super) fn macro_call(&mut self, callee: Expr) -> Expr {
        let bang = self.span();
        let name = &self.text[callee.span.lo as usize..callee.span.hi as usize];
        if self.nth(1).kind != T::LParen {
            let span = callee.span.to(bang);
            let d = Diagnostic::error(codes::E0113, span, "there are no macros");
            let d = if name == "vec" { d.fix("write a list", span, "", Applicability::Certain) } else { d };
            self.report_slip(d);
            self.bump();
            return self.primary();
        }
        let d = Diagnostic::error(codes::E0113, bang, "there are no macros");
        let d = if name.contains("print") || matches!(name, "format" | "write" | "writeln") {
            d.help("strings interpolate by themselves: `println(\"Value: ${value}\")`")
        } else {
            d
        };
        let d = match self.interpolated(callee.span, name) {
            Some((whole, new)) => d.fix("put the values into the text", whole, new, Applicability::Maybe),
            None => d.fix(format!("call `{name}`"), bang, "", Applicability::Maybe),
        };
        self.report_slip(d);
        self.bump();
        callee
    }

    /// `name!("{} and {}", a, b)`, at its `!`, as a call with the values in the text.
    fn interpolated(&self, callee: Span, name: &str) -> Option<(Span, String)> {
        let text = self.nth(2);
        if text.kind != T::Str
            || !matches!(name, "println" | "print" | "eprintln" | "eprint" | "panic" | "format")
        {
            return None;
        }
        let mut depth = 0;
        let mut ends = Vec::new();
        let mut close = None;
        for (at, tok) in self.toks[self.pos + 1..].iter().enumerate() {
            match tok.kind {
                T::LParen | T::LBracket | T::LBrace => depth += 1,
                T::RParen | T::RBracket | T::RBrace => depth -= 1,
                T::Comma if depth == 1 => ends.push(at),
                T::Eof => return None,
                _ => {}
            }
            if depth == 0 {
                ends.push(at);
                close = Some(*tok);
                break;
            }
        }
        let close = close?;
        let part = |from: usize, to: usize| {
            let (first, last) = (self.toks[self.pos + 1 + from], self.toks[self.pos + to]);
            self.text.get(first.lo as usize..last.hi as usize)
        };
        let given: Option<Vec<&str>> = ends.windows(2).map(|w| part(w[0] + 1, w[1])).collect();
        let given: Vec<&str> = given?.into_iter().filter(|v| !v.is_empty()).collect();
        let mut left = given.iter();
        let mut new = String::new();
        let mut rest = self.text_of(text);
        while let Some(at) = rest.find(['{', '}', '$']) {
            new.push_str(&rest[..at]);
            let (mark, after) = rest[at..].split_at(1);
            if mark == "$" {
                return None;
            }
            if let Some(after) = after.strip_prefix(mark) {
                new.push_str(mark);
                rest = after;
                continue;
            }
            let end = after.find('}').filter(|_| mark == "{")?;
            let (what, format) = after[..end].split_at(after[..end].find(':').unwrap_or(end));
            let value = if what.is_empty() { left.next()? } else { what };
            new.push_str(&format!("${{{value}{format}}}"));
            rest = &after[end + 1..];
        }
        if left.next().is_some() || given.iter().any(|v| v.contains('\n')) {
            return None;
        }
        new.push_str(rest);
        let whole = Span { hi: close.hi, ..callee };
        Some((whole, if name == "format" { new } else { format!("{name}({new})") }))
    }
}
