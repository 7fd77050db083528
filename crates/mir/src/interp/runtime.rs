//! The few functions of the runtime that programs under test need; anything else ends the run
//! as not supported.

use super::memory::{Bytes, Fault, Kind, Ptr};
use super::{FUNCTIONS, Machine, Step, Stop};
use crate::mono::FuncId;

impl Machine<'_> {
    fn bytes_at(&mut self, ptr: Ptr, len: usize) -> Step<Vec<u8>> {
        if len == 0 {
            return Ok(Vec::new());
        }
        let bytes = self.memory.read(ptr, len)?;
        if bytes.init.contains(&false) {
            return Err(Fault::Uninit.into());
        }
        Ok(bytes.data.to_vec())
    }

    fn put_bytes(&mut self, ptr: Ptr, raw: &[u8]) -> Step<()> {
        let mut bytes = Bytes::uninit(0);
        bytes.data.extend_from_slice(raw);
        bytes.init.resize(raw.len(), true);
        Ok(self.memory.write(ptr, &bytes)?)
    }

    pub(super) fn external(&mut self, name: &str, args: &[Bytes]) -> Step<Bytes> {
        let int = |i: usize| -> Step<i64> { Ok(args[i].as_int()? as u64 as i64) };
        let small = |i: usize| -> Step<i32> { Ok(args[i].as_int()? as u32 as i32) };
        let ptr = |i: usize| -> Step<Ptr> { Ok(args[i].as_ptr()?) };
        let unit = Bytes::default();
        let word = |n: i64| Bytes::int(n as u64 as u128, 8);
        Ok(match name {
            "altru_mem_alloc" | "altru_mem_alloc_zeroed" => {
                let size = int(0)?.max(0) as usize;
                if size > 1 << 30 {
                    return Err(Stop::Limit);
                }
                let at = self.memory.allocate(size, Kind::Heap);
                if name.ends_with("zeroed") {
                    self.put_bytes(at, &vec![0; size])?;
                }
                Bytes::ptr(at)
            }
            "altru_mem_realloc" => {
                let (old, new) = (int(1)?.max(0) as usize, int(3)?.max(0) as usize);
                if new > 1 << 30 {
                    return Err(Stop::Limit);
                }
                let at = self.memory.allocate(new, Kind::Heap);
                let bytes = self.memory.read(ptr(0)?, old.min(new))?;
                self.memory.write(at, &bytes)?;
                self.memory.free(ptr(0)?, true)?;
                Bytes::ptr(at)
            }
            "altru_mem_free" => {
                self.memory.free(ptr(0)?, true)?;
                unit
            }
            "altru_io_print" | "altru_io_eprint" => {
                let text = self.bytes_at(ptr(0)?, int(1)?.max(0) as usize)?;
                match name {
                    "altru_io_print" => self.stdout.extend(text),
                    _ => self.stderr.extend(text),
                }
                unit
            }
            "altru_io_flush" => unit,
            "altru_panic" => {
                let text = self.bytes_at(ptr(0)?, int(1)?.max(0) as usize)?;
                return Err(Stop::Panic(String::from_utf8_lossy(&text).into_owned()));
            }
            "altru_panic_bounds" => {
                let text = format!("index {} is out of bounds: the length is {}", int(0)?, int(1)?);
                return Err(Stop::Panic(text));
            }
            "altru_panic_slice" => {
                let text = format!("range {}..{} is out of bounds for length {}", int(0)?, int(1)?, int(2)?);
                return Err(Stop::Panic(text));
            }
            _ if name.starts_with("altru_panic_")
                && !name.contains("active")
                && !name.contains("catch")
                && !name.contains("message") =>
            {
                return Err(Stop::Panic(name.trim_start_matches("altru_panic_").replace('_', " ")));
            }
            "altru_panic_catch" => {
                let entry = (args[0].as_int()? as u64).wrapping_sub(FUNCTIONS) / 16;
                match self.call_now(FuncId(entry as u32), vec![args[1].clone()]) {
                    Ok(_) => Bytes::int(0, 4),
                    // Its place is not told; a panic within a panic is no end of one.
                    Err(Stop::Panic(text)) if self.panic.is_none() => {
                        let message: std::sync::Arc<str> = text.into();
                        let text = self.text(&message)?;
                        let message = self.string(text, 0, message.len());
                        self.memory.write(ptr(2)?, &message)?;
                        Bytes::int(1, 4)
                    }
                    Err(other) => return Err(other),
                }
            }
            "altru_panic_active" => Bytes::int(u128::from(self.panic.is_some()), 4),
            "altru_process_exit" => return Err(Stop::Exit(small(0)?)),
            "altru_process_id" => word(1),
            "altru_random_seed" => word(0),
            "altru_random_u64" => {
                self.random ^= self.random << 13;
                self.random ^= self.random >> 7;
                self.random ^= self.random << 17;
                word(self.random as i64)
            }
            "altru_thread_id" => word(1),
            // Time passes by steps and sleeps only, from a fixed day on.
            "altru_time_monotonic" => word(self.slept + self.steps as i64),
            "altru_time_wall" => word(1_790_000_000_000_000_000 + self.slept + self.steps as i64),
            "altru_time_local_offset" => Bytes::int(0, 4),
            "altru_thread_sleep" => {
                self.slept += int(0)?.max(0);
                unit
            }
            "altru_thread_yield" => unit,
            "altru_str_find" | "altru_str_rfind" => {
                let text = self.bytes_at(ptr(0)?, int(1)?.max(0) as usize)?;
                let needle = self.bytes_at(ptr(2)?, int(3)?.max(0) as usize)?;
                let from = if name.ends_with("_find") { int(4)?.max(0) as usize } else { 0 };
                let fits = |&at: &usize| text[at..].starts_with(&needle);
                let mut places = from.min(text.len())..=text.len();
                let found = match name {
                    "altru_str_find" => places.find(fits),
                    _ => places.rfind(fits),
                };
                word(found.map_or(-1, |at| at as i64))
            }
            "altru_str_validate" => {
                let text = self.bytes_at(ptr(0)?, int(1)?.max(0) as usize)?;
                word(match std::str::from_utf8(&text) {
                    Ok(_) => -1,
                    Err(e) => e.valid_up_to() as i64,
                })
            }
            "altru_fmt_f64" => {
                let value = f64::from_bits(args[0].as_int()? as u64);
                let text = format_float(value, int(1)?, small(2)?);
                self.put_bytes(ptr(3)?, text.as_bytes())?;
                word(text.len() as i64)
            }
            "altru_char_case" => {
                let c = char::from_u32(small(0)? as u32).unwrap_or('?');
                let cased: Vec<char> = match small(1)? {
                    1 => c.to_uppercase().collect(),
                    _ => c.to_lowercase().collect(),
                };
                for (i, &c) in cased.iter().enumerate() {
                    let at = ptr(2)?.offset(i as i64 * 4);
                    self.put_bytes(at, &(c as u32).to_le_bytes())?;
                }
                Bytes::int(cased.len() as u128, 4)
            }
            _ => return self.unsupported(format!("the runtime's `{name}`")),
        })
    }
}

/// As the runtime writes floats: `style` is 0 plain, 1 with a point, 2 with an exponent; 8 more
/// for a value that was an `f32`.
fn format_float(value: f64, precision: i64, style: i32) -> String {
    let digits = usize::try_from(precision).ok();
    let single = value as f32;
    match (style & 7, digits, style & 8 != 0) {
        (2, Some(n), _) => format!("{value:.n$e}"),
        (2, None, true) => format!("{single:e}"),
        (2, None, false) => format!("{value:e}"),
        (_, Some(n), _) => format!("{value:.n$}"),
        (1, None, true) => format!("{single:?}"),
        (1, None, false) => format!("{value:?}"),
        (_, None, true) => format!("{single}"),
        (_, None, false) => format!("{value}"),
    }
}
