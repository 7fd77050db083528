//! The horizontal side: the tokens of one line as a document that says where it may break.
//!
//! It may break inside brackets (one element a line, with a comma after the last), after the
//! loosest binary operators, and before the dots of a chain of calls: just where the language
//! lets a line end without ending the statement.

use super::Printer;
use super::doc::{self, Doc};
use crate::parser::role;
use crate::token::TokenKind as T;

/// Something printed in one piece: a token, or a whole interpolated string.
struct Atom {
    /// Tokens `first..=last`.
    first: usize,
    last: usize,
    /// For a bracket, the atom that is its partner.
    partner: Option<usize>,
    /// How many brackets of the stretch are open around it.
    depth: usize,
    /// Comments before it, on lines of their own.
    above: Vec<String>,
    /// Comments before it, behind the atom before.
    behind: Vec<String>,
}

impl Printer<'_> {
    /// The tokens `start..end`. The further lines of a `header` are indented by two levels, so
    /// that they stand apart from the block.
    pub(super) fn stretch(&self, start: usize, end: usize, header: bool) -> Doc {
        let line = Line { printer: self, atoms: self.atoms(start, end), header };
        let all = line.atoms.len();
        // `where` goes to a line of its own before anything else gives way.
        match line.find(T::Where, 0, all) {
            Some(at) => {
                let mut clauses = vec![Doc::Line];
                line.comments_above(at, &mut clauses);
                clauses.push(line.flat(at, all));
                let mut parts = vec![line.sequence(0, at)];
                line.comments_behind(at, &mut parts);
                parts.push(line.indented(0, clauses));
                Doc::group(parts, false)
            }
            None => line.sequence(0, all),
        }
    }

    fn atoms(&self, start: usize, end: usize) -> Vec<Atom> {
        let mut atoms: Vec<Atom> = Vec::with_capacity(end - start);
        let mut open: Vec<usize> = Vec::new();
        let mut pos = start;
        while pos < end {
            let first = pos;
            if self.kind(pos) == T::StrStart {
                let mut depth = 0;
                while pos + 1 < end {
                    match self.kind(pos) {
                        T::StrStart => depth += 1,
                        T::StrEnd => depth -= 1,
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                    pos += 1;
                }
            }
            let (mut above, mut behind) = (Vec::new(), Vec::new());
            if first > start {
                let from = self.toks[first - 1].index as usize + 1;
                let mut newline = false;
                for token in &self.tokens[from..self.toks[first].index as usize] {
                    if token.kind == T::Newline {
                        newline = true;
                    } else if token.kind.is_comment() {
                        let text = self.text[token.lo as usize..token.hi as usize].trim_end().to_owned();
                        if newline { above.push(text) } else { behind.push(text) }
                    }
                }
            }
            let index = atoms.len();
            let mut partner = None;
            match self.kind(first) {
                T::LParen | T::LBracket | T::LBrace => open.push(index),
                T::RParen | T::RBracket | T::RBrace => {
                    partner = open.pop();
                    if let Some(opener) = partner {
                        atoms[opener].partner = Some(index);
                    }
                }
                _ => {}
            }
            let depth = open.len();
            atoms.push(Atom { first, last: pos, partner, depth, above, behind });
            pos += 1;
        }
        atoms
    }
}

struct Line<'p> {
    printer: &'p Printer<'p>,
    atoms: Vec<Atom>,
    header: bool,
}

/// How tightly an operator at which lines may break binds.
fn operator(kind: T) -> Option<u8> {
    Some(match kind {
        T::Implies => 0,
        T::Or => 1,
        T::And => 2,
        T::Pipe => 3,
        T::Caret => 4,
        T::Amp => 5,
        T::Shl | T::Shr => 6,
        T::Plus | T::Minus => 7,
        T::Star | T::Slash | T::Percent => 8,
        _ => return None,
    })
}

impl Line<'_> {
    fn kind(&self, atom: usize) -> T {
        self.printer.kind(self.atoms[atom].first)
    }

    fn role(&self, atom: usize) -> u8 {
        self.printer.roles[self.atoms[atom].first]
    }

    fn text(&self, atom: usize) -> String {
        let atom = &self.atoms[atom];
        let (lo, hi) = (self.printer.toks[atom.first].lo, self.printer.toks[atom.last].hi);
        self.printer.text[lo as usize..hi as usize].to_owned()
    }

    /// The text began a line at this atom.
    fn began_line(&self, atom: usize) -> bool {
        self.printer.toks[self.atoms[atom].first].first
    }

    /// The next atom on the level of `atom`.
    fn skip(&self, atom: usize) -> usize {
        match self.atoms[atom].partner {
            Some(partner) if partner > atom => partner + 1,
            _ => atom + 1,
        }
    }

    /// The first atom of a kind outside brackets, not as a name after a dot.
    fn find(&self, kind: T, lo: usize, hi: usize) -> Option<usize> {
        let mut at = lo;
        while at < hi {
            if self.kind(at) == kind && at > lo && self.kind(at - 1) != T::Dot {
                return Some(at);
            }
            at = self.skip(at);
        }
        None
    }

    /// Atoms without a comma on their level.
    fn sequence(&self, lo: usize, hi: usize) -> Doc {
        // An arm breaks its result, not its pattern.
        if let Some(arrow) = self.find(T::FatArrow, lo, hi) {
            let mut parts = vec![self.sequence(lo, arrow)];
            self.spaced(arrow, &mut parts);
            parts.extend([Doc::Edge, Doc::text(self.text(arrow))]);
            if arrow + 1 < hi {
                self.spaced(arrow + 1, &mut parts);
                parts.push(self.sequence(arrow + 1, hi));
            }
            return Doc::Concat(parts);
        }
        // The loosest operators, then the dots of a chain.
        let mut level: Option<u8> = None;
        let mut at = lo;
        while at < hi {
            if let Some(l) = self.infix(at, lo, hi) {
                level = Some(level.map_or(l, |known| known.min(l)));
            }
            at = self.skip(at);
        }
        if let Some(level) = level {
            return self.operands(lo, hi, level);
        }
        self.chain(lo, hi).unwrap_or_else(|| self.flat(lo, hi))
    }

    /// The level of the binary operator at `atom`, if it is one with operands on both sides.
    fn infix(&self, atom: usize, lo: usize, hi: usize) -> Option<u8> {
        const NOT_BINARY: u8 = role::PREFIX | role::BAR_OPEN | role::BAR_CLOSE;
        if atom == lo || atom + 1 >= hi || self.role(atom) & NOT_BINARY != 0 {
            return None;
        }
        // `implies` may be somebody's name.
        if self.kind(atom) == T::Implies && (self.kind(atom - 1) == T::Dot || self.no_blank(atom, atom + 1)) {
            return None;
        }
        operator(self.kind(atom))
    }

    fn operands(&self, lo: usize, hi: usize, level: u8) -> Doc {
        let mut parts = Vec::new();
        let mut rest = Vec::new();
        let mut broken = false;
        let (mut start, mut at) = (lo, lo);
        while at < hi {
            let next = self.skip(at);
            if self.infix(at, lo, hi) == Some(level) {
                let mut part = vec![self.sequence(start, at)];
                self.spaced(at, &mut part);
                part.push(Doc::text(self.text(at)));
                self.push_part(start, lo, part, &mut parts, &mut rest);
                broken |= self.began_line(next);
                start = next;
            }
            at = next;
        }
        let last = vec![self.sequence(start, hi)];
        self.push_part(start, lo, last, &mut parts, &mut rest);
        parts.push(self.indented(lo, rest));
        Doc::group(parts, broken)
    }

    /// The further lines of what begins at atom `lo`.
    fn indented(&self, lo: usize, rest: Vec<Doc>) -> Doc {
        let rest = Doc::Indent(rest);
        let opener =
            matches!(self.kind(lo), T::LParen | T::LBracket | T::LBrace) && self.atoms[lo].partner.is_some();
        let outside = self.atoms[lo].depth == usize::from(opener);
        if self.header && outside { Doc::Indent(vec![rest]) } else { rest }
    }

    /// The first part of a broken line, or one of those after a line end.
    fn push_part(&self, start: usize, lo: usize, part: Vec<Doc>, parts: &mut Vec<Doc>, rest: &mut Vec<Doc>) {
        if start == lo {
            parts.extend(part);
            return;
        }
        self.comments_behind(start, rest);
        rest.push(Doc::Line);
        self.comments_above(start, rest);
        rest.extend(part);
    }

    /// Where `a.b().c()` with at least two calls (or one that the text broke) may break, and
    /// whether the text does.
    fn chain_dots(&self, lo: usize, hi: usize) -> Option<(Vec<usize>, bool)> {
        let mut dots = Vec::new();
        let mut broken = false;
        let mut at = lo;
        while at < hi {
            // Only the last chain of the stretch.
            let kind = self.kind(at);
            if at > lo
                && matches!(
                    kind,
                    T::Comma | T::Eq | T::FatArrow | T::Colon | T::DotDot | T::DotDotEq | T::If | T::In
                )
            {
                dots.clear();
                broken = false;
            }
            if kind == T::Dot && at > lo {
                let mut after = at + 2;
                if after < hi && self.kind(after) == T::LBracket {
                    after = self.skip(after);
                }
                let call = after < hi && self.kind(after) == T::LParen && self.role(after) & role::GLUED != 0;
                let line = self.began_line(at);
                if call || line {
                    dots.push(at);
                }
                broken |= line;
            }
            at = self.skip(at);
        }
        (dots.len() > 1 || broken).then_some((dots, broken))
    }

    fn chain(&self, lo: usize, hi: usize) -> Option<Doc> {
        let (dots, broken) = self.chain_dots(lo, hi)?;
        let mut parts = vec![self.flat(lo, dots[0])];
        let mut rest = Vec::new();
        for (i, &dot) in dots.iter().enumerate() {
            let end = dots.get(i + 1).copied().unwrap_or(hi);
            self.comments_behind(dot, &mut rest);
            rest.push(Doc::Soft);
            self.comments_above(dot, &mut rest);
            rest.push(self.flat(dot, end));
        }
        parts.push(self.indented(lo, rest));
        Some(Doc::group(parts, broken))
    }

    /// Atoms one after the other, bracketed groups as groups.
    fn flat(&self, lo: usize, hi: usize) -> Doc {
        let mut parts = Vec::new();
        let mut at = lo;
        let mut whole = false;
        while at < hi {
            if at > lo {
                self.spaced(at, &mut parts);
            }
            // A signature breaks its parameters, not its result.
            whole |= self.kind(at) == T::Arrow;
            match self.atoms[at].partner {
                Some(close) if close > at && close < hi => {
                    let group = self.brackets(at, close);
                    let whole_now = whole || self.is_type_arguments_of_call(at, close, hi);
                    parts.push(match whole_now.then(|| doc::flat_text(&group)).flatten() {
                        Some(text) => Doc::Text(text),
                        None => group,
                    });
                    // An `impl` breaks its parameters, not its trait and type.
                    whole |= at == lo + 1 && self.kind(lo) == T::Impl;
                    at = close + 1;
                }
                _ => {
                    parts.push(Doc::text(self.text(at)));
                    at += 1;
                }
            }
        }
        Doc::Concat(parts)
    }

    /// `[A, B]` of `f[A, B](x)`, where the arguments break. Not of `fn f[A, B](x)`.
    fn is_type_arguments_of_call(&self, open: usize, close: usize, hi: usize) -> bool {
        let declares = open > 1 && self.kind(open - 2) == T::Fn;
        self.kind(open) == T::LBracket
            && !declares
            && close + 2 < hi
            && self.kind(close + 1) == T::LParen
            && self.role(close + 1) & role::GLUED != 0
            && self.kind(close + 2) != T::RParen
    }

    /// What stands between an atom and the one before: a blank or not, and comments.
    fn spaced(&self, at: usize, parts: &mut Vec<Doc>) {
        self.comments_behind(at, parts);
        parts.extend(self.atoms[at].above.iter().map(|c| Doc::Comment(c.clone())));
        if !self.no_blank(at - 1, at) {
            parts.push(Doc::text(" "));
        }
    }

    fn comments_behind(&self, at: usize, parts: &mut Vec<Doc>) {
        for comment in &self.atoms[at].behind {
            // `### … ###` may stand between tokens; other comments take the rest of the line.
            let inline =
                comment.starts_with("###") && !comment.starts_with("####") && !comment.contains('\n');
            let opens = at > 0 && matches!(self.kind(at - 1), T::LParen | T::LBracket | T::LBrace);
            parts.push(match inline {
                true if opens => Doc::text(format!("{comment} ")),
                true => Doc::text(format!(" {comment}")),
                false => Doc::Comment(comment.clone()),
            });
        }
    }

    fn comments_above(&self, at: usize, parts: &mut Vec<Doc>) {
        for comment in &self.atoms[at].above {
            parts.push(Doc::text(comment.clone()));
            parts.push(Doc::Hard);
        }
    }

    // -------------------------------------------------------- brackets

    fn brackets(&self, open: usize, close: usize) -> Doc {
        let mut elements = Vec::new();
        let (mut start, mut at, mut semi) = (open + 1, open + 1, false);
        while at < close {
            semi |= self.kind(at) == T::Semi;
            if self.kind(at) == T::Comma && !self.in_bars(open + 1, at) {
                elements.push((start, at));
                start = at + 1;
            }
            at = self.skip(at);
        }
        let trailing = start == close && !elements.is_empty();
        if start < close {
            elements.push((start, close));
        }
        let comments_at_end = !self.atoms[close].above.is_empty() || !self.atoms[close].behind.is_empty();
        let (opener, closer) = (self.text(open), self.text(close));
        if elements.is_empty() && !comments_at_end {
            return Doc::text(opener + &closer);
        }
        let glued = self.role(open) & role::GLUED != 0;
        // `(a,)` is a tuple, `(a)` is not.
        let single_tuple = self.kind(open) == T::LParen && !glued && elements.len() == 1;
        // A block written on one line: `{ a }`.
        if self.kind(open) == T::LBrace && !glued && !self.is_use_group(open) {
            let mut parts = vec![Doc::text("{ "), Doc::Braces { end: false }];
            parts.push(self.sequence(open + 1, close));
            self.comments_behind(close, &mut parts);
            parts.extend([Doc::Braces { end: true }, Doc::text(" }")]);
            return Doc::Concat(parts);
        }
        if elements.len() == 1 && !trailing && !comments_at_end && self.hugs(elements[0]) {
            let inner = self.sequence(open + 1, close);
            return Doc::Concat(vec![Doc::text(opener), inner, Doc::text(closer)]);
        }
        let mut inner = Vec::new();
        for (i, &(lo, hi)) in elements.iter().enumerate() {
            self.comments_behind(lo, &mut inner);
            inner.push(if i == 0 { Doc::Soft } else { Doc::Line });
            self.comments_above(lo, &mut inner);
            inner.push(self.sequence(lo, hi));
            let last = i + 1 == elements.len();
            if hi < close {
                // Comments before the comma.
                self.comments_behind(hi, &mut inner);
                inner.extend(self.atoms[hi].above.iter().map(|c| Doc::Comment(c.clone())));
            }
            if !last || (single_tuple && trailing) {
                inner.push(Doc::text(","));
            } else if !semi && !single_tuple {
                inner.push(Doc::IfBroken(","));
            }
        }
        self.comments_behind(close, &mut inner);
        for comment in &self.atoms[close].above {
            inner.push(Doc::Hard);
            inner.push(Doc::text(comment.clone()));
        }
        let broken = comments_at_end || (trailing && !single_tuple && !semi);
        Doc::group(vec![Doc::text(opener), Doc::Indent(inner), Doc::Soft, Doc::text(closer)], broken)
    }

    fn is_use_group(&self, open: usize) -> bool {
        open > 0 && matches!(self.kind(open - 1), T::ColonColon | T::Use | T::Comma | T::LBrace)
    }

    /// The comma at `at` separates a closure's parameters.
    fn in_bars(&self, lo: usize, at: usize) -> bool {
        let mut open = false;
        for atom in lo..at {
            let role = self.role(atom);
            open = (open || role & role::BAR_OPEN != 0) && role & role::BAR_CLOSE == 0;
        }
        open
    }

    /// An only element that brings its own brackets: `Some([ … ])`, `f(Point{ … })`, `f(g(a, b))`. Not
    /// `f(g(a))`, which breaks outside.
    fn hugs(&self, (lo, hi): (usize, usize)) -> bool {
        if !self.atoms[lo].above.is_empty() || !self.atoms[lo].behind.is_empty() {
            return false;
        }
        // Breaking before a lone string gains nothing.
        if hi == lo + 1 && matches!(self.kind(lo), T::Str | T::StrStart) {
            return true;
        }
        let ends = matches!(self.kind(hi - 1), T::RParen | T::RBracket | T::RBrace)
            && self.atoms[hi - 1]
                .partner
                .is_some_and(|open| open >= lo && open + 2 < hi && !self.holds_one_call(open));
        let mut at = lo;
        while at < hi {
            if self.infix(at, lo, hi).is_some() {
                return false;
            }
            at = self.skip(at);
        }
        ends && self.chain_dots(lo, hi).is_none()
    }

    /// The brackets of a call with one argument that does not bring its own.
    fn holds_one_call(&self, open: usize) -> bool {
        let close = self.atoms[open].partner.unwrap_or(open);
        let called = self.kind(open) == T::LParen && self.role(open) & role::GLUED != 0;
        let mut at = open + 1;
        while at < close {
            if self.kind(at) == T::Comma && !self.in_bars(open + 1, at) {
                return false;
            }
            at = self.skip(at);
        }
        called && close > open + 1 && !self.hugs((open + 1, close))
    }

    // -------------------------------------------------------- blanks

    /// Nothing stands between atoms `a` and `b`.
    fn no_blank(&self, a: usize, b: usize) -> bool {
        let (left, right) = (self.printer.kind(self.atoms[a].last), self.kind(b));
        let (left_role, right_role) = (self.role(a), self.role(b));
        if matches!(left, T::LParen | T::LBracket | T::Dot | T::ColonColon)
            || left_role & (role::PREFIX | role::BAR_OPEN) != 0
        {
            return left != T::Comma;
        }
        if left == T::LBrace && (left_role & role::GLUED != 0 || self.is_use_group(a)) {
            return true;
        }
        if right_role & role::GLUED != 0 {
            return true;
        }
        match right {
            T::RParen
            | T::RBracket
            | T::Comma
            | T::Semi
            | T::Colon
            | T::Dot
            | T::ColonColon
            | T::Question => true,
            T::RBrace => self.atoms[b]
                .partner
                .is_none_or(|open| self.role(open) & role::GLUED != 0 || self.is_use_group(open)),
            T::Pipe => right_role & role::BAR_CLOSE != 0,
            T::DotDot | T::DotDotEq => right_role & role::PREFIX == 0 && !matches!(left, T::Comma),
            // `1..` at an end, or before an operand.
            _ if matches!(left, T::DotDot | T::DotDotEq) => {
                !matches!(right, T::FatArrow | T::If | T::Eq | T::EqEq | T::And | T::Or | T::Else)
                    || right_role & role::PREFIX != 0
            }
            _ => false,
        }
    }
}
