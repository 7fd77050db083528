//! The vertical side: blocks, blank lines, and the comments between lines.

use super::doc;
use super::{Block, Element, Printer};
use crate::ast::BlockStyle;
use crate::parser::role;
use crate::token::TokenKind as T;

const STEP: usize = 4;

/// A comment and how it stands.
pub(super) struct Comment {
    /// In the full list of tokens.
    pub index: usize,
    /// Nothing but blanks before it on its line.
    pub own_line: bool,
    /// Code stands before it on its line.
    pub behind_code: bool,
    /// An empty line before it.
    pub blank_before: bool,
    pub column: usize,
}

impl<'a> Printer<'a> {
    pub(super) fn file(&mut self, elements: &[Element]) {
        self.elements(elements, self.toks.len() - 1, 0);
        let end = self.tokens.len();
        self.comment_lines(end, 0, |_| true, self.out.is_empty());
        doc::trim_blanks(&mut self.out);
        while self.out.ends_with("\n\n") {
            self.out.pop();
        }
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    // -------------------------------------------------------- comments

    /// The comments not yet printed before token `upto` of the full list, and whether an empty
    /// line stands after them.
    pub(super) fn pending(&self, upto: usize) -> (Vec<Comment>, bool) {
        let mut comments = Vec::new();
        let mut newlines = usize::from(self.next == 0);
        let mut behind_code = self.next > 0;
        let mut line_start = 0;
        if let Some(token) = self.tokens.get(self.next) {
            let before = &self.text[..token.lo as usize];
            line_start = before.rfind('\n').map_or(0, |at| at + 1);
        }
        for index in self.next..upto.min(self.tokens.len()) {
            let token = self.tokens[index];
            match token.kind {
                T::Newline => {
                    newlines += 1;
                    behind_code = false;
                    line_start = token.hi as usize;
                }
                k if k.is_comment() => {
                    comments.push(Comment {
                        index,
                        own_line: newlines > 0,
                        behind_code,
                        blank_before: newlines > 1,
                        column: token.lo as usize - line_start.min(token.lo as usize),
                    });
                    newlines = 0;
                }
                _ => {}
            }
        }
        (comments, newlines > 1)
    }

    pub(super) fn comment_text(&self, comment: &Comment) -> &'a str {
        let token = self.tokens[comment.index];
        self.text[token.lo as usize..token.hi as usize].trim_end()
    }

    /// A comment's text for a line of its own. `##` behind code documents nothing, and must not
    /// begin to.
    fn text_for_line(&self, comment: &Comment) -> &'a str {
        let text = self.comment_text(comment);
        let stray_doc = comment.behind_code && text.starts_with("##") && !text.starts_with("###");
        &text[usize::from(stray_doc)..]
    }

    /// Comments behind what was just printed, on its line.
    fn trailing_comments(&mut self, upto: usize) {
        if self.comment_at_end {
            // They get a line of their own.
            return;
        }
        let (comments, _) = self.pending(upto);
        for comment in comments.iter().take_while(|c| !c.own_line) {
            let text = self.comment_text(comment);
            doc::trim_blanks(&mut self.out);
            self.out.push_str("  ");
            self.out.push_str(text);
            self.next = comment.index + 1;
        }
    }

    /// Comments on lines of their own, as long as `belongs`.
    fn comment_lines(
        &mut self,
        upto: usize,
        level: usize,
        belongs: impl Fn(&Comment) -> bool,
        mut first: bool,
    ) {
        let (comments, _) = self.pending(upto);
        for comment in comments.iter().take_while(|c| belongs(c)) {
            let text = self.text_for_line(comment);
            self.start_line(level, comment.blank_before && !first);
            self.out.push_str(text);
            self.next = comment.index + 1;
            first = false;
        }
    }

    /// Begins a line, perhaps after an empty one.
    fn start_line(&mut self, level: usize, blank: bool) {
        doc::trim_blanks(&mut self.out);
        self.comment_at_end = false;
        if !self.out.is_empty() {
            if !self.out.ends_with('\n') {
                self.out.push('\n');
            }
            if blank && !self.out.ends_with("\n\n") {
                self.out.push('\n');
            }
        }
        self.out.extend(std::iter::repeat_n(' ', level * STEP));
    }

    // -------------------------------------------------------- elements

    /// Lines of a block that ends before the token at `block_end`.
    fn elements(&mut self, elements: &[Element], block_end: usize, level: usize) {
        let mut before_tall_item = false;
        for (i, element) in elements.iter().enumerate() {
            let upto = self.toks[element.start].index as usize;
            let tall_item = self.is_item(element) && self.is_tall(element, level);
            let apart = i > 0 && (tall_item || before_tall_item);
            let (comments, blank_after) = self.pending(upto);
            for (j, comment) in comments.iter().enumerate() {
                let text = self.text_for_line(comment);
                let blank =
                    if j == 0 { i > 0 && (apart || comment.blank_before) } else { comment.blank_before };
                self.start_line(level, blank);
                self.out.push_str(text);
            }
            let blank = if comments.is_empty() { i > 0 && (apart || blank_after) } else { blank_after };
            self.start_line(level, blank);
            self.next = upto;
            self.element(element, level);
            before_tall_item = tall_item;
            let end = self.toks[element.end].index as usize;
            self.trailing_comments(end);
            // Separators are written anew; comments behind them belong to the line too.
            if element.end < block_end
                && matches!(self.kind(element.end), T::Comma | T::Semi)
                && self.next <= end
            {
                let after = self.toks[(element.end + 1).min(self.toks.len() - 1)].index as usize;
                let (comments, _) = self.pending(end);
                if comments.is_empty() {
                    self.next = end + 1;
                    self.trailing_comments(after);
                }
            }
        }
    }

    fn is_item(&self, element: &Element) -> bool {
        let mut pos = element.start;
        // Attributes.
        while self.kind(pos) == T::LBracket {
            let end = (pos..element.end).find(|&p| self.roles[p] & role::ATTRIBUTE_END != 0);
            match end {
                Some(end) => pos = end + 1,
                None => return false,
            }
        }
        match self.kind(pos) {
            T::Fn => self.kind(pos + 1) != T::LParen,
            T::Async | T::Unsafe => {
                matches!(self.kind(pos + 1), T::Fn | T::Impl | T::Extern | T::Unsafe | T::Async)
                    && self.kind(pos + 2) != T::LParen
            }
            T::Struct | T::Enum | T::Trait | T::Impl | T::Mod | T::Pub | T::Extern => true,
            T::Actor => self.kind(pos + 1).is_ident() && !element.blocks.is_empty(),
            _ => false,
        }
    }

    /// Takes several lines for sure.
    fn is_tall(&self, element: &Element, level: usize) -> bool {
        element.blocks.iter().any(|b| self.stands_apart(b))
            || self.overflows(element, &[], level)
            || self.roles[element.start..element.end].iter().any(|r| r & role::ATTRIBUTE_END != 0)
    }

    /// The block is printed on lines of its own (or holds one that is).
    fn stands_apart(&self, block: &Block) -> bool {
        match block.style {
            BlockStyle::Indented => true,
            BlockStyle::Inline => block.elements.iter().flat_map(|e| &e.blocks).any(|b| self.stands_apart(b)),
            BlockStyle::Braces => {
                let inside = block.start + 1..block.end;
                block.elements.len() > 1
                    || inside.clone().any(|p| self.toks[p].first)
                    || self.has_comments(block.start, block.end)
                    || block.elements.iter().flat_map(|e| &e.blocks).any(|b| self.stands_apart(b))
            }
        }
    }

    fn has_comments(&self, start: usize, end: usize) -> bool {
        let (lo, hi) = (self.toks[start].index as usize, self.toks[end - 1].index as usize);
        self.tokens[lo..hi].iter().any(|t| t.kind.is_comment())
    }

    /// One element; its first line has begun.
    fn element(&mut self, element: &Element, level: usize) {
        // A line that does not fit gives its inline blocks lines of their own.
        let mut apart = Vec::new();
        self.apart_blocks(&element.blocks, false, &mut apart);
        if self.overflows(element, &apart, level) {
            let mut more = Vec::new();
            self.apart_blocks(&element.blocks, true, &mut more);
            // Inside brackets they stay.
            more.retain(|b| {
                b.style != BlockStyle::Inline
                    || self.stands_apart(b)
                    || !self.in_brackets(element.start, b.start)
            });
            apart = more;
        }
        let mut pos = element.start;
        for block in apart {
            if block.start < pos {
                continue;
            }
            let header_end = if block.style == BlockStyle::Braces { block.start + 1 } else { block.start };
            self.chunk(pos, header_end, level, pos > element.start, block.style != BlockStyle::Braces);
            self.block(block, level);
            pos = block.end;
            if block.style == BlockStyle::Braces {
                // The closing brace begins the next stretch.
                pos -= 1;
            }
        }
        if pos < element.end {
            self.chunk(pos, element.end, level, pos > element.start, false);
        }
    }

    /// The blocks that get lines of their own, outermost first; with `inline`, also those that
    /// were written on one line.
    fn apart_blocks<'b>(&self, blocks: &'b [Block], inline: bool, found: &mut Vec<&'b Block>) {
        for block in blocks {
            match block.style {
                BlockStyle::Inline if !inline => {
                    for element in &block.elements {
                        self.apart_blocks(&element.blocks, inline, found);
                    }
                }
                BlockStyle::Inline => found.push(block),
                _ if self.stands_apart(block) => found.push(block),
                _ => {}
            }
        }
    }

    fn in_brackets(&self, start: usize, pos: usize) -> bool {
        let mut depth = 0i32;
        for p in start..pos {
            let kind = self.kind(p);
            depth += i32::from(kind.is_open()) - i32::from(kind.is_close() && kind != T::StrMid);
            depth += i32::from(self.roles[p] & role::BAR_OPEN != 0);
            depth -= i32::from(self.roles[p] & role::BAR_CLOSE != 0 && kind == T::Pipe);
        }
        depth > 0
    }

    /// The element has inline blocks and its first stretch is too long for a line.
    fn overflows(&self, element: &Element, apart: &[&Block], level: usize) -> bool {
        let has_inline = element.blocks.iter().any(|b| b.style == BlockStyle::Inline);
        if !has_inline {
            return false;
        }
        let end = apart.first().map_or(element.end, |b| b.start);
        let mut ends: Vec<usize> =
            (element.start + 1..end).filter(|&p| self.begins_line(p, element.start)).collect();
        ends.push(end);
        let mut start = element.start;
        for end in ends {
            let doc = self.stretch(start, end, false);
            if doc::flat_width(&doc).is_some_and(|w| level * STEP + w > doc::WIDTH) {
                return true;
            }
            start = end;
        }
        false
    }

    /// The tokens `start..end` on a line, which has begun unless `new_line`. A `header` is
    /// followed by its block.
    fn chunk(&mut self, start: usize, end: usize, level: usize, new_line: bool, header: bool) {
        if start >= end {
            return;
        }
        let mut start = start;
        let mut new_line = new_line;
        loop {
            let stop = (start + 1..end).find(|&p| self.begins_line(p, start)).unwrap_or(end);
            if new_line {
                let upto = self.toks[start].index as usize;
                self.comment_lines(upto, level, |_| true, true);
                self.start_line(level, false);
            }
            self.next = self.next.max(self.toks[start].index as usize);
            let doc = self.stretch(start, stop, header && stop == end);
            let printed = doc::print(&doc, level * STEP, &mut self.out);
            self.unsettled |= printed.unsettled;
            self.comment_at_end = printed.at_end;
            self.next = self.toks[stop - 1].index as usize + 1;
            if stop == end {
                break;
            }
            let upto = self.toks[stop].index as usize;
            self.trailing_comments(upto);
            (start, new_line) = (stop, true);
        }
    }

    /// Within an element, the token at `pos` begins a line of its own: after attributes, and at
    /// an `else` that did.
    fn begins_line(&self, pos: usize, start: usize) -> bool {
        if self.roles[pos - 1] & role::ATTRIBUTE_END != 0 {
            return true;
        }
        self.kind(pos) == T::Else && self.toks[pos].first && !self.in_brackets(start, pos)
    }

    /// A block on lines of its own, from behind its header. Ends behind its last line.
    fn block(&mut self, block: &Block, level: usize) {
        let Some(first) = block.elements.first() else {
            if block.style == BlockStyle::Braces {
                let upto = self.toks[block.end - 1].index as usize;
                self.trailing_comments(upto);
                self.comment_lines(upto, level + 1, |_| true, true);
            }
            return;
        };
        // A comment behind the header.
        let upto = self.toks[first.start].index as usize;
        self.trailing_comments(upto);
        self.elements(&block.elements, block.end, level + 1);
        // Comments after the last line that are indented as the block is.
        let column = self.toks[first.start].indent as usize;
        let braces = block.style == BlockStyle::Braces;
        let end = if braces { block.end - 1 } else { block.end };
        let upto = self.toks[end].index as usize;
        let inline = block.style == BlockStyle::Inline;
        if !inline {
            self.comment_lines(upto, level + 1, |c| braces || !c.own_line || c.column >= column, false);
        }
    }
}
