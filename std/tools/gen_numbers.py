#!/usr/bin/env python3
"""Writes src/numbers.altru and src/tuples.altru: the trait impls that are alike for every
number type and every tuple size. Run it after changing it."""
import pathlib

SRC = pathlib.Path(__file__).resolve().parent.parent / "src"
INTS = ["i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "u64", "usize"]
BITS = {"i8": 8, "i16": 16, "i32": 32, "i64": 64, "isize": 64, "u8": 8, "u16": 16, "u32": 32, "u64": 64, "usize": 64}
OPS = [("Add", "add", "+"), ("Sub", "sub", "-"), ("Mul", "mul", "*"), ("Div", "div", "/"), ("Rem", "rem", "%")]
BITOPS = [("BitAnd", "bitand", "&"), ("BitOr", "bitor", "|"), ("BitXor", "bitxor", "^"), ("Shl", "shl", "<<"), ("Shr", "shr", ">>")]

def numbers():
    out = ["## Trait impls of the number types. Written by tools/gen_numbers.py.\n",
           "use std::cmp::Ordering", "use std::fmt", "use std::fmt::{Formatter, Display, Debug}", "use std::hash::{Hash, Hasher}",
           "use std::intrinsics", "use std::iter::{Sum, Product}", "use std::num", "use std::num::{Integer, Float}",
           "use std::range::Step", "use std::strings::Parse", "use std::ops", ""]
    def w(text):
        out.append(text)
    def scalar(t):
        w(f"impl Copy for {t}")
        w(f"impl Clone for {t}:\n    [inline]\n    fn clone(self) -> {t}:\n        return self\n")
        for op, fn, sym in OPS:
            w(f"impl {op} for {t}:\n    type Output = {t}\n    [inline]\n    fn {fn}(own self, right: own {t}) -> {t}:\n        return self {sym} right\n")
            w(f"impl {op}Assign for {t}:\n    [inline]\n    fn {fn}_assign(mut self, right: own {t}):\n        self {sym}= right\n")
        w(f"impl Sum[{t}] for {t}:\n    fn zero() -> {t}:\n        return 0 as {t}\n\n    [inline]\n    fn plus(own self, value: own {t}) -> {t}:\n        return self + value\n")
        run = f"\n    unsafe fn sum_run[I: view + Iterator[Item = &{t}]](values: own I) -> {t}:\n        let mut values = values\n        let count = values.size_hint()\n        unsafe:\n            return match values.next():\n                Some(own first) => num::sum_run(intrinsics::addr_of(*first), count)\n                None => 0\n" if t in INTS else ""
        w(f"impl Sum[&{t}] for {t}:\n    fn zero() -> {t}:\n        return 0 as {t}\n\n    [inline]\n    fn plus(own self, value: own &{t}) -> {t}:\n        return self + *value\n{run}")
        w(f"impl Product[{t}] for {t}:\n    fn one() -> {t}:\n        return 1 as {t}\n    [inline]\n    fn times(own self, value: own {t}) -> {t}:\n        return self * value\n")
        w(f"impl Product[&{t}] for {t}:\n    fn one() -> {t}:\n        return 1 as {t}\n    [inline]\n    fn times(own self, value: own &{t}) -> {t}:\n        return self * *value\n")
        w(f"impl Default for {t}:\n    fn default() -> {t}:\n        return 0 as {t}\n")
    def order(t, conv=""):
        w(f"impl Eq for {t}:\n    [inline]\n    fn eq(self, other: {t}) -> bool:\n        return self == other\n")
        w(f"impl Ord for {t}:\n    [inline]\n    fn cmp(self, other: {t}) -> Ordering:\n        if self < other:\n            return Ordering::Less\n        if self == other:\n            return Ordering::Equal\n        return Ordering::Greater\n")
        for m, sym in [("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">=")]:
            out[-1] = out[-1].rstrip("\n") + f"\n\n    [inline]\n    fn {m}(self, other: {t}) -> bool:\n        return self {sym} other\n"
    for t in INTS:
        signed = t[0] == "i"
        bits = BITS[t]
        scalar(t)
        order(t)
        for op, fn, sym in BITOPS:
            w(f"impl ops::{op} for {t}:\n    type Output = {t}\n    [inline]\n    fn {fn}(own self, right: own {t}) -> {t}:\n        return self {sym} right\n")
        w(f"impl ops::Not for {t}:\n    type Output = {t}\n    fn not_(own self) -> {t}:\n        return ~self\n")
        if signed:
            w(f"impl ops::Neg for {t}:\n    type Output = {t}\n    fn neg(own self) -> {t}:\n        return -self\n")
        w(f"impl Hash for {t}:\n    [inline]\n    fn hash(self, state: mut Hasher):\n        state.write_u64(self as u64)\n")
        if signed:
            mag = "if self < 0: intrinsics::wrapping_sub(0u64, (self as i64) as u64) else: self as u64"
            w(f"impl Display for {t}:\n    fn fmt(self, f: mut Formatter):\n        fmt::fmt_integer(mut f, {mag}, self < 0, {'self as u64' if bits == 64 else f'(self as u{bits}) as u64'})\n")
        else:
            w(f"impl Display for {t}:\n    fn fmt(self, f: mut Formatter):\n        fmt::fmt_integer(mut f, self as u64, false, self as u64)\n")
        w(f"impl Debug for {t}:\n    fn debug(self, f: mut Formatter):\n        self.fmt(mut f)\n")
        lo = -(1 << (bits - 1)) if signed else 0
        hi = (1 << (bits - 1)) - 1 if signed else (1 << bits) - 1
        w(f"impl Step for {t}:\n    [inline]\n    fn forward(self) -> {t}:\n        return intrinsics::wrapping_add(self, 1)\n\n    [inline]\n    fn backward(self) -> {t}:\n        return intrinsics::wrapping_sub(self, 1)\n\n    [inline]\n    fn steps_to(self, end: {t}) -> int:\n        if end <= self:\n            return 0\n        return intrinsics::wrapping_sub(end, self) as {'u' + str(bits)} as int\n")
        w(f"impl Parse for {t}:\n    fn parse(text: string) -> Result[{t}, error]:\n        return num::parse_integer[{t}](text)\n")
        w(f"impl Integer for {t}:\n    fn min_value() -> {t}:\n        return {lo}\n\n    fn max_value() -> {t}:\n        return {hi}\n\n    fn bits() -> int:\n        return {bits}\n\n    fn is_signed() -> bool:\n        return {'true' if signed else 'false'}\n\n    fn from_wide(wide: u64) -> {t}:\n        return wide as {t}\n\n    fn to_wide(self) -> u64:\n        return self as u64\n\n    fn abs(self) -> {t}:\n        return {'if self < 0: -self else: self' if signed else 'self'}\n\n    fn signum(self) -> {t}:\n        return {'if self < 0: -1 else if self > 0: 1 else: 0' if signed else 'if self > 0: 1 else: 0'}\n\n    fn checked_div(self, other: {t}) -> Option[{t}]:\n        if other == 0{' or (self == ' + str(lo) + ' and other == -1)' if signed else ''}:\n            return None\n        return Some(self / other)\n\n    fn checked_rem(self, other: {t}) -> Option[{t}]:\n        if other == 0{' or (self == ' + str(lo) + ' and other == -1)' if signed else ''}:\n            return None\n        return Some(self % other)\n\n    fn div_floor(self, other: {t}) -> {t}:\n        let q = self / other\n        return {'if (self % other != 0) and ((self < 0) != (other < 0)): q - 1 else: q' if signed else 'q'}\n\n    fn mod_floor(self, other: {t}) -> {t}:\n        let r = self % other\n        return {'if r != 0 and ((r < 0) != (other < 0)): r + other else: r' if signed else 'r'}\n\n    fn wrapping_neg(self) -> {t}:\n        return intrinsics::wrapping_sub(0 as {t}, self)\n")
    for t, bits in [("f32", 32), ("f64", 64)]:
        scalar(t)
        w(f"impl Eq for {t}:\n    [inline]\n    fn eq(self, other: {t}) -> bool:\n        return self == other\n")
        w(f"impl Ord for {t}:\n    fn cmp(self, other: {t}) -> Ordering:\n        return self.total_cmp(other)\n")
        w(f"impl ops::Neg for {t}:\n    type Output = {t}\n    fn neg(own self) -> {t}:\n        return -self\n")
        w(f"impl Display for {t}:\n    fn fmt(self, f: mut Formatter):\n        num::fmt_float(mut f, self as f64, {'true' if bits == 32 else 'false'}, false)\n")
        w(f"impl Debug for {t}:\n    fn debug(self, f: mut Formatter):\n        num::fmt_float(mut f, self as f64, {'true' if bits == 32 else 'false'}, true)\n")
        w(f"impl Parse for {t}:\n    fn parse(text: string) -> Result[{t}, error]:\n        return Ok(num::parse_float(text)? as {t})\n")
        limits = {"f32": ("3.4028234663852886e38", "1.1920928955078125e-7"), "f64": ("1.7976931348623157e308", "2.220446049250313e-16")}[t]
        w(f"impl Float for {t}:\n    const MAX: {t} = {limits[0]}\n    const MIN: {t} = -{limits[0]}\n    const EPSILON: {t} = {limits[1]}\n\n    fn from_f64(wide: f64) -> {t}:\n        return wide as {t}\n\n    fn to_f64(self) -> f64:\n        return self as f64\n")
    w("impl Copy for bool\nimpl Clone for bool:\n    [inline]\n    fn clone(self) -> bool:\n        return self\n")
    w("impl Copy for char\nimpl Clone for char:\n    [inline]\n    fn clone(self) -> char:\n        return self\n")
    for t in ["bool", "char"]:
        order(t)
    w("impl Default for bool:\n    fn default() -> bool:\n        return false\n")
    w("impl ops::BitAnd for bool:\n    type Output = bool\n    fn bitand(own self, right: own bool) -> bool:\n        return self and right\n")
    w("impl ops::BitOr for bool:\n    type Output = bool\n    fn bitor(own self, right: own bool) -> bool:\n        return self or right\n")
    w("impl ops::BitXor for bool:\n    type Output = bool\n    fn bitxor(own self, right: own bool) -> bool:\n        return self != right\n")
    w("impl[T: view] Copy for *T")
    (SRC / "numbers.altru").write_text("\n".join(out) + "\n")

def tuples():
    out = ["## Trait impls of tuples of two to six parts. Written by tools/gen_numbers.py.\n",
           "use std::cmp::Ordering", "use std::fmt::{Formatter, Display, Debug}", "use std::hash::{Hash, Hasher}", ""]
    w = out.append
    w("impl Copy for ()\nimpl Clone for ():\n    fn clone(self) -> ():\n        return ()\n\nimpl Default for ():\n    fn default() -> ():\n        return ()\n")
    for n in range(2, 7):
        names = "ABCDEF"[:n]
        ty = "(" + ", ".join(names) + ")"
        gen = lambda b: "[" + ", ".join(f"{x}: view + {b}" for x in names) + "]"
        w(f"impl{gen('Copy')} Copy for {ty}")
        w(f"impl{gen('Clone')} Clone for {ty}:\n    fn clone(self) -> {ty}:\n        return (" + ", ".join(f"self.{i}.clone()" for i in range(n)) + ")\n")
        w(f"impl{gen('Eq')} Eq for {ty}:\n    fn eq(self, other: {ty}) -> bool:\n        return " + " and ".join(f"self.{i}.eq(other.{i})" for i in range(n)) + "\n")
        body = "".join(f"        let c = self.{i}.cmp(other.{i})\n        if not c.is_eq():\n            return c\n" for i in range(n - 1))
        w(f"impl{gen('Ord')} Ord for {ty}:\n    fn cmp(self, other: {ty}) -> Ordering:\n{body}        return self.{n-1}.cmp(other.{n-1})\n")
        w(f"impl{gen('Hash')} Hash for {ty}:\n    fn hash(self, state: mut Hasher):\n" + "".join(f"        self.{i}.hash(mut state)\n" for i in range(n)))
        w(f"impl{gen('Default')} Default for {ty}:\n    fn default() -> {ty}:\n        return (" + ", ".join(f"{x}::default()" for x in names) + ")\n")
        w(f"impl{gen('Debug')} Debug for {ty}:\n    fn debug(self, f: mut Formatter):\n        f.debug_open(\"\", \"(\")\n" + "".join(f"        f.debug_item({i}, \"\")\n        self.{i}.debug(mut f)\n" for i in range(n)) + f"        f.debug_close({n}, \")\")\n")
        w(f"impl{gen('Display')} Display for {ty}:\n    fn fmt(self, f: mut Formatter):\n" + "".join(f"        f.write_str(\"{'(' if i == 0 else ', '}\")\n        self.{i}.fmt(mut f)\n" for i in range(n)) + "        f.write_str(\")\")\n")
    (SRC / "tuples.altru").write_text("\n".join(out) + "\n")

numbers()
tuples()
