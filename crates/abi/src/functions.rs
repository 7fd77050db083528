//! The list of runtime functions. Nothing else declares one.
//!
//! An entry reads `[nounwind …] fn name(param: Type, …) -> Type;`. The first word says whether a panic may
//! leave the call (`unwind`) or not; after it may stand `cold`, `waits`, `inlined`, and the allocator roles.
//! Conventions, unless the entry says otherwise:
//! - text comes in as `(ptr, len)`, UTF-8, not NUL-terminated; text goes out by appending to a `RawString`;
//! - a result that may fail is negative: `-errno`, whose message `altru_os_error_message` gives;
//! - durations are nanoseconds; a timeout of -1 is "for ever", 0 is "do not wait";
//! - a function marked `waits` has the hidden parameters and the status of `waiting`; the result listed here is what it
//!   leaves at `*result`;
//! - a yes/no result is `I32`, 0 or 1.

/// Calls `$callback!` with the whole list.
#[macro_export]
macro_rules! runtime_functions {
    ($callback:ident) => {
        $callback! {
            // ---- memory ----
            /// Memory for `size` bytes (not 0). Out of memory ends the process with a message.
            [nounwind alloc] fn altru_mem_alloc(size: Usize, align: Usize) -> Ptr;
            /// The same, filled with zeros.
            [nounwind alloc_zeroed] fn altru_mem_alloc_zeroed(size: Usize, align: Usize) -> Ptr;
            /// Grows or shrinks an allocation, keeping its contents. `new_size` is not 0.
            [nounwind realloc] fn altru_mem_realloc(ptr: Ptr, old_size: Usize, align: Usize, new_size: Usize) -> Ptr;
            /// Gives an allocation back.
            [nounwind free] fn altru_mem_free(ptr: Ptr, size: Usize, align: Usize) -> Void;

            // ---- start and end ----
            /// Runs a program: `main` is a waiting function `fn(cx, parent, how, result: *mut i32) -> status`. Installs signal
            /// handling, runs `main`, cancels the tasks that are left (a second later they are abandoned and named),
            /// flushes stdout. Gives `main`'s value, 101 after a panic, or 128 + the number of the signal that made it
            /// unwind. Other threads may still run when it
            /// returns: the caller ends the process without unmapping their code.
            [nounwind] fn altru_rt_main(main: Ptr, argc: I32, argv: Ptr) -> I32;
            /// Called before it in programs built for development: when `main` has ended, tasks that are left are named.
            [nounwind] fn altru_rt_tell_leaks() -> Void;
            /// Flushes stdout and ends the process.
            [nounwind] fn altru_process_exit(code: I32) -> Never;

            // ---- panics ----
            /// Panics with a message.
            [unwind cold] fn altru_panic(message: Ptr, len: Usize, location: Ptr) -> Never;
            /// "index 5 is out of bounds: the length is 3".
            [unwind cold] fn altru_panic_bounds(index: I64, len: I64, location: Ptr) -> Never;
            /// A slice `start..end` of something of length `len` that is out of bounds or reversed.
            [unwind cold] fn altru_panic_slice(start: I64, end: I64, len: I64, location: Ptr) -> Never;
            /// A string index that lies inside a character.
            [unwind cold] fn altru_panic_char_boundary(index: I64, text: Ptr, len: Usize, location: Ptr) -> Never;
            /// Arithmetic overflow; `op` is an `OverflowOp`.
            [unwind cold] fn altru_panic_overflow(op: I32, location: Ptr) -> Never;
            /// Division (`op` 0) or remainder (`op` 1) by zero.
            [unwind cold] fn altru_panic_div_zero(op: I32, location: Ptr) -> Never;
            /// A shift by a negative amount or by at least the width of the type; `bits` 0: not told which.
            [unwind cold] fn altru_panic_shift(amount: I64, bits: I32, location: Ptr) -> Never;
            /// Code that the program said cannot be reached.
            [unwind cold] fn altru_panic_unreachable(location: Ptr) -> Never;
            /// A panic has left clean-up that runs because of the panic `exception`, which ends here: the new one goes on.
            [nounwind cold] fn altru_panic_replaced(exception: Ptr) -> Void;
            /// Whether this thread or task is unwinding because of a panic.
            [nounwind inlined] fn altru_panic_active() -> I32;
            /// The same, asked when any is.
            [nounwind cold] fn altru_panic_is_mine() -> I32;
            /// Appends the message of the panic that is unwinding this thread or task (nothing if there is none).
            [nounwind cold] fn altru_panic_message(out: Ptr) -> Void;
            /// Calls `entry(cx, parent, how, env) -> status` and catches a panic. 0: returned; 1: panicked, and `panic` (a
            /// `RawPanic`) is filled in. A cancellation, or the deadline of a block around, passes through.
            [nounwind waits] fn altru_panic_catch(entry: Ptr, env: Ptr, panic: Ptr) -> I32;
            /// A waiting function has caught a native panic (`exception`: the first word that its landing pad was given): the
            /// context carries it on, and the caller cleans up and returns `UNWINDING`. `parent` is the frame of who called it.
            [nounwind cold] fn altru_panic_caught(cx: Ptr, parent: Ptr, exception: Ptr) -> Void;

            // ---- frames (see `waiting`) ----
            /// Takes a frame of `size` bytes that the current segment has no room for, and gives its address; `cx.top` is behind
            /// it and `cx.base` is the frame.
            [nounwind cold] fn altru_frame_grow(cx: Ptr, size: Usize) -> Ptr;
            /// The frame `cx.base` has been given back: its segment goes.
            [nounwind cold] fn altru_frame_shrink(cx: Ptr) -> Void;

            // ---- standard streams ----
            /// Writes to stdout through its buffer. A closed pipe ends the program quietly, another error with a message.
            [nounwind] fn altru_io_print(text: Ptr, len: Usize) -> Void;
            /// Writes to stderr at once.
            [nounwind] fn altru_io_eprint(text: Ptr, len: Usize) -> Void;
            /// Writes out what stdout's buffer holds.
            [nounwind] fn altru_io_flush() -> Void;
            /// Appends one line of stdin, with its newline. Gives the bytes read, 0 at the end, `-errno`.
            [nounwind waits] fn altru_io_read_line(out: Ptr) -> I64;
            /// Reads up to `len` bytes of stdin. Gives the bytes read, 0 at the end, `-errno`.
            [nounwind waits] fn altru_io_read_stdin(buffer: Ptr, len: Usize) -> I64;
            /// A handle of standard input to wait for, as of a socket; not to be read from or closed.
            [nounwind] fn altru_io_stdin() -> Ptr;
            /// Whether file descriptor `fd` is a terminal.
            [nounwind] fn altru_io_is_terminal(fd: I32) -> I32;

            // ---- formatting and parsing ----
            /// Writes a float's text into a buffer of at least 400 bytes beyond `precision` and gives its length. `style` is a
            /// `FloatStyle`, plus `SINGLE` for a value that was an `f32`; `precision` -1 means as many digits as it takes.
            [nounwind] fn altru_fmt_f64(value: F64, precision: I64, style: I32, out: Ptr, cap: Usize) -> Usize;
            /// Parses a whole text as a float into `*out`. 0: done.
            [nounwind] fn altru_parse_f64(text: Ptr, len: Usize, out: Ptr) -> I32;

            // ---- text ----
            /// The offset of the first occurrence of `needle` at or after `from`, or -1.
            [nounwind] fn altru_str_find(text: Ptr, len: Usize, needle: Ptr, needle_len: Usize, from: I64) -> I64;
            /// The offset of the last occurrence of `needle`, or -1.
            [nounwind] fn altru_str_rfind(text: Ptr, len: Usize, needle: Ptr, needle_len: Usize) -> I64;
            /// The offset of the first byte that is not valid UTF-8, or -1.
            [nounwind] fn altru_str_validate(text: Ptr, len: Usize) -> I64;
            /// Whether a character has a property; `class` is a `CharClass`.
            [nounwind] fn altru_char_class(code: I32, class: I32) -> I32;
            /// Writes the upper (1) or lower (0) case form of a character, up to 3 characters, and gives how many.
            [nounwind] fn altru_char_case(code: I32, upper: I32, out: Ptr) -> I32;

            // ---- mathematics ----
            /// A function of one number; `op` is a `MathUnary`.
            [nounwind] fn altru_math_unary(op: I32, x: F64) -> F64;
            /// A function of two numbers; `op` is a `MathBinary`.
            [nounwind] fn altru_math_binary(op: I32, x: F64, y: F64) -> F64;

            // ---- threads ----
            /// Starts an OS thread that calls `entry(cx, parent, how, env) -> status`; the runtime frees `env` (size and alignment given, 0 size: nothing
            /// to free) afterwards. An empty name gets "thread-N". Gives a handle, or null: nothing started, `env` untouched,
            /// and `altru_os_last_error` tells why.
            [nounwind] fn altru_thread_spawn(name: Ptr, name_len: Usize, entry: Ptr, env: Ptr, env_size: Usize, env_align: Usize) -> Ptr;
            /// Waits for the end of a thread. 0: it returned; 1: it panicked, and `panic` (a `RawPanic`) is filled in; 2: timed out.
            [nounwind waits] fn altru_thread_join(thread: Ptr, panic: Ptr, timeout: I64) -> I32;
            /// Gives a handle up; the thread goes on.
            [nounwind] fn altru_thread_release(thread: Ptr) -> Void;
            /// Whether the thread has ended.
            [nounwind] fn altru_thread_finished(thread: Ptr) -> I32;
            /// The number of a thread, unique in the process; null means the current one. `main` is 1.
            [nounwind] fn altru_thread_id(thread: Ptr) -> I64;
            /// Appends the name of a thread; null means the current one.
            [nounwind] fn altru_thread_name(thread: Ptr, out: Ptr) -> Void;
            /// Lets a time pass, on a thread or in a task.
            [nounwind waits] fn altru_thread_sleep(duration: I64) -> Void;
            /// How many threads can run at once.
            [nounwind] fn altru_thread_parallelism() -> I64;

            /// Calls `entry(cx, parent, how, env) -> status` as if on a thread of its own: what waits in it blocks this thread. For
            /// destructors, in which nothing can be suspended.
            [unwind] fn altru_thread_block(entry: Ptr, env: Ptr) -> Void;

            // ---- tasks ----
            /// A task for an `abi::waiting::TaskEntry`, with room for its closure, which the caller fills in before the start.
            [nounwind] fn altru_task_new(entry: Ptr) -> Ptr;
            /// Where the closure goes.
            [nounwind] fn altru_task_env(task: Ptr) -> Ptr;
            /// Starts it, once: as a child of a scope, or (null) detached or to be joined. It inherits the deadline around.
            [nounwind] fn altru_task_start(task: Ptr, scope: Ptr) -> Void;
            /// Waits for its end. 0: it returned; 1: it panicked, and `panic` (a `RawPanic`) is filled in; 2: timed out; 3: it was
            /// cancelled.
            [nounwind waits] fn altru_task_join(task: Ptr, panic: Ptr, timeout: I64) -> I32;
            /// Where the result of a task that has returned is.
            [nounwind] fn altru_task_result(task: Ptr) -> Ptr;
            /// The same, and from now on it is the caller's: to be moved out, once, before the handle is released.
            [nounwind] fn altru_task_take_result(task: Ptr) -> Ptr;
            /// Gives the handle up; the task goes on. A closure never started and a result nobody took are dropped.
            [nounwind] fn altru_task_release(task: Ptr) -> Void;
            /// Makes the task unwind at its next wait, or out of the one it is in.
            [nounwind] fn altru_task_cancel(task: Ptr) -> Void;
            /// Whether the task has ended.
            [nounwind] fn altru_task_finished(task: Ptr) -> I32;
            /// The task that runs, without ownership; null on an OS thread.
            [nounwind] fn altru_task_current() -> Ptr;
            /// The number of a task, unique in the process; null means the current one. 0 if there is none.
            [nounwind] fn altru_task_id(task: Ptr) -> I64;
            /// Appends the name of a task; null means the current one.
            [nounwind] fn altru_task_name(task: Ptr, out: Ptr) -> Void;
            [nounwind] fn altru_task_set_name(task: Ptr, name: Ptr, len: Usize) -> Void;
            /// Lets other tasks (on an OS thread: other threads) run.
            [nounwind waits] fn altru_task_yield() -> Void;
            /// A task looks up from long work: lets others run if its turn is over. No wait: nothing is cancelled here.
            [nounwind waits] fn altru_task_check() -> Void;
            /// A foreign function that may block is about to be called: others may take over the worker's work.
            [nounwind] fn altru_native_enter() -> Void;
            /// It has returned.
            [nounwind] fn altru_native_leave() -> Void;
            /// Begins (1) or ends (-1) a region in which neither cancellation nor the deadlines of blocks around are delivered.
            [nounwind] fn altru_task_shield(by: I32) -> Void;
            /// Calls `entry(cx, parent, how, env) -> status` with a deadline, which its callees and the tasks it starts inherit.
            /// 0: returned; 1: the deadline passed while it waited, and it has unwound. An earlier deadline around stays in force
            /// and passes through, as panics and cancellations do.
            [nounwind waits] fn altru_deadline_call(entry: Ptr, env: Ptr, duration: I64) -> I32;
            /// Whether there is a deadline around, so that waits end by themselves.
            [nounwind] fn altru_deadline_around() -> I32;
            /// On whose behalf the current task runs: what it was told last, null in a new task, in a child of a scope and on an
            /// OS thread.
            [nounwind] fn altru_task_owner() -> Ptr;
            /// Tells it. For a task that is no child of a scope.
            [nounwind] fn altru_task_set_owner(owner: Ptr) -> Void;
            /// The scope whose child the current task is, or null.
            [nounwind] fn altru_task_scope() -> Ptr;
            /// Makes a `RawScope`.
            [nounwind] fn altru_scope_init(scope: Ptr) -> Void;
            /// What the caller does from now on unwinds at its next wait, or out of the one it is in, when a child panics, until it
            /// waits for the scope's end. 0: it does not (again).
            [nounwind] fn altru_scope_guard(scope: Ptr, guard: I32) -> Void;
            /// Whether the caller unwinds because a child of a scope panicked. The end of that scope is to make it a panic.
            [nounwind] fn altru_scope_broke() -> I32;
            /// Cancels a scope's children, and those to come.
            [nounwind] fn altru_scope_cancel(scope: Ptr) -> Void;
            /// Waits until all children have ended, also while the caller is interrupted: that cancels them, and is delivered
            /// when they have ended. The scope's last use. 0: all returned (or were cancelled); 1: one panicked, which cancelled
            /// the others, and `panic` (a `RawPanic`) is filled in with the first one's.
            [nounwind waits] fn altru_scope_wait(scope: Ptr, panic: Ptr) -> I32;

            // ---- waiting on a word (see `protocol`) ----
            /// Sleeps while `*word == expected`. 0: woken or it differed (look again); 1: timed out.
            [nounwind waits] fn altru_word_wait(word: Ptr, expected: I32, timeout: I64) -> I32;
            /// In code compiled for exploration: waits until a wait group's word is 0, or the caller is to unwind.
            [nounwind waits] fn altru_group_wait(word: Ptr, timeout: I64) -> I32;
            /// Wakes up to `count` sleepers (-1: all). Gives how many.
            [nounwind] fn altru_word_wake(word: Ptr, count: I32) -> I32;

            // ---- locks: slow paths over one `u32` word each (fast paths: see `protocol`) ----
            /// The context of the task or thread that runs here: the holder of what it takes, see `protocol::held`.
            [nounwind] fn altru_holder() -> Ptr;
            /// Takes a mutex. 0: taken; 1: timed out.
            [nounwind waits] fn altru_mutex_lock(mutex: Ptr, timeout: I64) -> I32;
            /// Releases a mutex whose word was not just `LOCKED`.
            [nounwind] fn altru_mutex_unlock(mutex: Ptr) -> Void;
            /// Takes a read-write lock for reading. 0: taken; 1: timed out.
            [nounwind waits] fn altru_rwlock_read(lock: Ptr, timeout: I64) -> I32;
            /// Takes a read-write lock for writing. 0: taken; 1: timed out.
            [nounwind waits] fn altru_rwlock_write(lock: Ptr, timeout: I64) -> I32;
            [nounwind] fn altru_rwlock_unlock_read(lock: Ptr) -> Void;
            [nounwind] fn altru_rwlock_unlock_write(lock: Ptr) -> Void;
            /// Releases `mutex`, waits for a notification of `condvar`, takes `mutex` again. 0: notified; 1: timed out.
            [nounwind waits] fn altru_condvar_wait(condvar: Ptr, mutex: Ptr, timeout: I64) -> I32;
            /// Wakes one waiter, or all.
            [nounwind] fn altru_condvar_notify(condvar: Ptr, all: I32) -> Void;
            /// Takes `n` permits. 0: taken; 1: timed out.
            [nounwind waits] fn altru_semaphore_acquire(semaphore: Ptr, n: I32, timeout: I64) -> I32;
            /// Gives `n` permits back.
            [nounwind] fn altru_semaphore_release(semaphore: Ptr, n: I32) -> Void;
            /// Waits until an event is set. 0: set; 1: timed out.
            [nounwind waits] fn altru_event_wait(event: Ptr, timeout: I64) -> I32;
            /// The same without a time limit for one that only the task `by` can set, or null. 1: that waits for the caller, by way of
            /// locks and tasks, which has been told as a deadlock.
            [nounwind waits] fn altru_event_wait_for(event: Ptr, by: Ptr) -> I32;
            /// Sets an event and wakes everyone.
            [nounwind] fn altru_event_set(event: Ptr) -> Void;

            // ---- channels (values are moved as bytes; dropping them is the caller's business) ----
            /// A channel with one sender and one receiver. `capacity` -1: unbounded, 0: rendezvous, n: holds up to n.
            [nounwind] fn altru_channel_new(capacity: I64, size: Usize, align: Usize) -> Ptr;
            [nounwind] fn altru_channel_sender_clone(channel: Ptr) -> Void;
            /// Gives a sender up; with the last one the channel closes.
            [nounwind] fn altru_channel_sender_drop(channel: Ptr) -> Void;
            [nounwind] fn altru_channel_receiver_clone(channel: Ptr) -> Void;
            /// Gives a receiver up. 1: it was the last, sends fail from now on, and the caller must take out what is left
            /// (`altru_channel_try_recv`) and then call `altru_channel_release`.
            [nounwind] fn altru_channel_receiver_drop(channel: Ptr) -> I32;
            /// The last step of the last receiver.
            [nounwind] fn altru_channel_release(channel: Ptr) -> Void;
            /// Moves `*value` in. A `SendOutcome`; unless `Sent`, the value is still the caller's.
            [nounwind waits] fn altru_channel_send(channel: Ptr, value: Ptr, timeout: I64) -> I32;
            /// Moves a value out to `*out`. A `RecvOutcome`.
            [nounwind waits] fn altru_channel_recv(channel: Ptr, out: Ptr, timeout: I64) -> I32;
            /// Sends a value of `size` bytes if there is room and nobody waits who is to be served first. 0: it is moved away; 1: nothing
            /// has happened, ask one of the functions above or below. `cx`: the context of who calls, or null if that is not at hand.
            [nounwind inlined] fn altru_channel_push(cx: Ptr, channel: Ptr, value: Ptr, size: Usize, align: Usize) -> I32;
            /// Receives a value if one is queued; as `altru_channel_push`.
            [nounwind inlined] fn altru_channel_pop(cx: Ptr, channel: Ptr, out: Ptr, size: Usize, align: Usize) -> I32;
            /// Something has been done that somebody waits for, whom it serves.
            [nounwind cold] fn altru_channel_serve(channel: Ptr) -> Void;
            /// A value was sent at a position where senders look whether receivers keep up.
            [nounwind] fn altru_channel_look(cx: Ptr, channel: Ptr) -> Void;
            /// `altru_channel_send` that does not wait.
            [nounwind] fn altru_channel_try_send(channel: Ptr, value: Ptr) -> I32;
            /// `altru_channel_recv` that does not wait.
            [nounwind] fn altru_channel_try_recv(channel: Ptr, out: Ptr) -> I32;
            /// Moves `n` values in, in order. Gives how many were sent; the rest is still the caller's (closed or timed out). If it
            /// unwinds, `*sent`, which was 0, says the same.
            [nounwind waits] fn altru_channel_send_batch(channel: Ptr, values: Ptr, n: Usize, timeout: I64, sent: Ptr) -> Usize;
            /// Moves 1 to `max` values out to an array. Gives how many; 0: closed and empty; -1: timed out.
            [nounwind waits] fn altru_channel_recv_batch(channel: Ptr, out: Ptr, max: Usize, timeout: I64) -> I64;
            /// How many values are queued.
            [nounwind] fn altru_channel_len(channel: Ptr) -> I64;
            /// The capacity it was made with.
            [nounwind] fn altru_channel_capacity(channel: Ptr) -> I64;
            /// No more sends; what is queued can still be received.
            [nounwind] fn altru_channel_close(channel: Ptr) -> Void;
            /// Whether it is closed and empty, so that no `recv` can succeed any more.
            [nounwind] fn altru_channel_drained(channel: Ptr) -> I32;
            /// Whether sends can no longer succeed.
            [nounwind] fn altru_channel_closed(channel: Ptr) -> I32;
            /// From now on standard error is told when very many values wait. `owner` says whose they are: text that lasts
            /// as long as there are senders.
            [nounwind] fn altru_channel_report(channel: Ptr, owner: Ptr, len: Usize) -> Void;

            // ---- select ----
            /// Commits exactly one of `n` `SelectCase`s and gives its index; -1: timed out, or with timeout 0 none was ready;
            /// -2: no case can ever fire and there is no timeout. Fair among ready cases unless `biased`.
            [nounwind waits] fn altru_select(cases: Ptr, n: Usize, timeout: I64, biased: I32) -> I32;

            /// Commits one of the cases, as `altru_select` does, if all of them receive (or are skipped), from channels with room, and one
            /// has a value. Else -1: nothing has happened, ask one of the others. `cx` as for `altru_channel_push`.
            [nounwind inlined] fn altru_select_now(cx: Ptr, cases: Ptr, n: Usize, biased: I32) -> I32;
            /// A random number below `bound`.
            [nounwind] fn altru_select_choose(bound: Usize) -> Usize;

            /// `altru_select` that does not wait.
            [nounwind] fn altru_select_try(cases: Ptr, n: Usize, biased: I32) -> I32;

            // ---- exploration ----
            /// In code compiled for exploration: an atomic operation of the standard library is about to touch `object`; others
            /// may go first. `kind` is an `ExplorePoint`. Nothing in an ordinary run.
            [nounwind] fn altru_explore_point(kind: I32, object: Ptr) -> Void;
            /// The same: std is called from the user's code at this `abi::waiting::Site`, and what it does belongs there; null: that is over.
            [nounwind] fn altru_explore_at(site: Ptr) -> Void;
            /// The same: one of `n` values (at most 16, from 0) that chance decides outside. Exploration tries all of them; not `whole`: there
            /// would be more.
            [nounwind] fn altru_explore_choice(kind: I32, n: I64, whole: I32) -> I64;

            // ---- time ----
            /// Nanoseconds of a clock that never goes back.
            [nounwind] fn altru_time_monotonic() -> I64;
            /// Nanoseconds since 1970-01-01 00:00 UTC.
            [nounwind] fn altru_time_wall() -> I64;
            /// The local time zone's offset from UTC, in seconds, at a time given in seconds since 1970.
            [nounwind] fn altru_time_local_offset(seconds: I64) -> I32;

            // ---- randomness ----
            /// Fills a buffer from the operating system.
            [nounwind] fn altru_random_bytes(buffer: Ptr, len: Usize) -> Void;
            /// A value fixed for this process, for seeding hash maps.
            [nounwind] fn altru_random_seed() -> I64;
            /// The next value of this thread's fast generator.
            [nounwind] fn altru_random_u64() -> I64;

            // ---- the process's surroundings ----
            /// How many arguments the program got, its own name not counted.
            [nounwind] fn altru_env_arg_count() -> I64;
            /// Appends argument `index` (-1: the program's name).
            [nounwind] fn altru_env_arg(index: I64, out: Ptr) -> Void;
            /// Appends a variable's value. 1: there was one.
            [nounwind] fn altru_env_var(name: Ptr, len: Usize, out: Ptr) -> I32;
            /// Appends every variable as `NAME=value` with a NUL byte after each.
            [nounwind] fn altru_env_vars(out: Ptr) -> Void;
            /// Sets a variable for this process and the processes it starts. 0 or `-errno`.
            [nounwind] fn altru_env_set_var(name: Ptr, name_len: Usize, value: Ptr, value_len: Usize) -> I32;
            [nounwind] fn altru_env_remove_var(name: Ptr, len: Usize) -> I32;
            /// Appends the current folder. 0 or `-errno`.
            [nounwind] fn altru_env_current_dir(out: Ptr) -> I32;
            [nounwind] fn altru_env_set_current_dir(path: Ptr, len: Usize) -> I32;
            /// Appends the path of the running executable. 0 or `-errno`.
            [nounwind] fn altru_env_executable(out: Ptr) -> I32;

            // ---- errors of the operating system ----
            /// Appends the text for an error number (positive).
            [nounwind] fn altru_os_error_message(code: I32, out: Ptr) -> Void;
            /// This thread's last error number.
            [nounwind] fn altru_os_last_error() -> I32;

            // ---- files ----
            /// Opens a file; `flags` is a set of `OpenFlags`. A descriptor or `-errno`.
            [nounwind] fn altru_fs_open(path: Ptr, len: Usize, flags: I32, mode: I32) -> I32;
            [nounwind] fn altru_fs_close(fd: I32) -> I32;
            /// Bytes read, 0 at the end, `-errno`.
            [nounwind waits] fn altru_fs_read(fd: I32, buffer: Ptr, len: Usize) -> I64;
            /// Bytes written, `-errno`.
            [nounwind waits] fn altru_fs_write(fd: I32, bytes: Ptr, len: Usize) -> I64;
            /// Moves the position; `whence` 0 from the start, 1 from here, 2 from the end. The new position or `-errno`.
            [nounwind] fn altru_fs_seek(fd: I32, offset: I64, whence: I32) -> I64;
            /// Writes file data and metadata to the disk.
            [nounwind waits] fn altru_fs_sync(fd: I32) -> I32;
            [nounwind] fn altru_fs_truncate(fd: I32, len: I64) -> I32;
            /// Fills a `RawMetadata`; `follow` 0 looks at a symbolic link itself.
            [nounwind] fn altru_fs_metadata(path: Ptr, len: Usize, follow: I32, out: Ptr) -> I32;
            [nounwind] fn altru_fs_metadata_of(fd: I32, out: Ptr) -> I32;
            /// Appends a whole file's bytes.
            [nounwind waits] fn altru_fs_read_all(path: Ptr, len: Usize, out: Ptr) -> I32;
            /// Opens a folder for listing; null on failure, then `altru_os_last_error` tells why.
            [nounwind] fn altru_fs_open_dir(path: Ptr, len: Usize) -> Ptr;
            /// The next entry but `.` and `..`: appends its name, sets `*kind` to a `FileKind`. 1: an entry; 0: the end; `-errno`.
            [nounwind] fn altru_fs_next_entry(dir: Ptr, name: Ptr, kind: Ptr) -> I32;
            [nounwind] fn altru_fs_close_dir(dir: Ptr) -> Void;
            [nounwind] fn altru_fs_create_dir(path: Ptr, len: Usize, mode: I32) -> I32;
            [nounwind] fn altru_fs_remove_dir(path: Ptr, len: Usize) -> I32;
            [nounwind] fn altru_fs_remove_file(path: Ptr, len: Usize) -> I32;
            [nounwind] fn altru_fs_rename(from: Ptr, from_len: Usize, to: Ptr, to_len: Usize) -> I32;
            /// Copies contents and permissions. Bytes copied or `-errno`.
            [nounwind waits] fn altru_fs_copy(from: Ptr, from_len: Usize, to: Ptr, to_len: Usize) -> I64;
            [nounwind] fn altru_fs_hard_link(from: Ptr, from_len: Usize, to: Ptr, to_len: Usize) -> I32;
            /// Makes `link` point at `target`.
            [nounwind] fn altru_fs_symlink(target: Ptr, target_len: Usize, link: Ptr, link_len: Usize) -> I32;
            [nounwind] fn altru_fs_read_link(path: Ptr, len: Usize, out: Ptr) -> I32;
            /// Appends the absolute path without links, `.` and `..`.
            [nounwind] fn altru_fs_canonicalize(path: Ptr, len: Usize, out: Ptr) -> I32;
            [nounwind] fn altru_fs_set_mode(path: Ptr, len: Usize, mode: I32) -> I32;

            // ---- processes ----
            [nounwind] fn altru_process_id() -> I64;
            /// Ends the process at once, without flushing, so that a core file may be written.
            [nounwind cold] fn altru_process_abort() -> Never;
            /// Starts a program as a `RawCommand` says and fills a `RawChild`. 0 or `-errno`.
            [nounwind] fn altru_process_spawn(command: Ptr, child: Ptr) -> I32;
            /// Waits for a child and takes its status: its exit code, 256 + the number of the signal that ended it, `-errno`.
            [nounwind waits] fn altru_process_wait(pid: I32) -> I64;
            /// A handle that is readable, as a socket is, once a child has ended. 0 or `-errno`.
            [nounwind] fn altru_process_watch(pid: I32, out: Ptr) -> I32;
            /// Makes a descriptor that belongs to the caller non-blocking, and a handle of it, as of a socket. 0 or `-errno`.
            [nounwind] fn altru_pipe_adopt(fd: I32, out: Ptr) -> I32;
            /// Sends a signal.
            [nounwind] fn altru_process_kill(pid: I32, signal: I32) -> I32;

            // ---- sockets: handles to what never blocks a worker; addresses are `RawAddress`es ----
            /// Opens a stream to an address and leaves its handle at `*out`. 0 or `-errno`; `-EAGAIN`: the queue of a Unix
            /// listener is full.
            [nounwind waits] fn altru_net_connect(address: Ptr, out: Ptr, timeout: I64) -> I32;
            /// Opens a listener for streams. 0 or `-errno`.
            [nounwind] fn altru_net_listen(address: Ptr, backlog: I32, out: Ptr) -> I32;
            /// The next stream of a listener, and the address of its peer. 0 or `-errno`.
            [nounwind waits] fn altru_net_accept(listener: Ptr, out: Ptr, peer: Ptr, timeout: I64) -> I32;
            /// Opens a socket for datagrams. 0 or `-errno`.
            [nounwind] fn altru_net_bind(address: Ptr, out: Ptr) -> I32;
            /// Sets where datagrams go, and from where they are taken.
            [nounwind] fn altru_net_set_peer(socket: Ptr, address: Ptr) -> I32;
            /// Two Unix sockets that are connected to each other, for streams or datagrams; leaves two handles.
            [nounwind] fn altru_net_pair(datagrams: I32, out: Ptr) -> I32;
            /// Bytes read, 0 at the end, `-errno`, `-ETIMEDOUT`.
            [nounwind waits] fn altru_net_read(socket: Ptr, buffer: Ptr, len: Usize, timeout: I64) -> I64;
            /// Writes all of it. The length or `-errno`: then a part of it may have been written.
            [nounwind waits] fn altru_net_write(socket: Ptr, bytes: Ptr, len: Usize, timeout: I64) -> I64;
            /// Waits until reading would not wait. 0 or `-errno`.
            [nounwind waits] fn altru_net_readable(socket: Ptr, timeout: I64) -> I32;
            /// Sends a datagram to an address, or (null) to the peer. The length or `-errno`.
            [nounwind waits] fn altru_net_send_to(socket: Ptr, bytes: Ptr, len: Usize, to: Ptr, timeout: I64) -> I64;
            /// The length of the next datagram, which is cut off at `len`, and where it came from; `-errno`.
            [nounwind waits] fn altru_net_recv_from(socket: Ptr, buffer: Ptr, len: Usize, from: Ptr, timeout: I64) -> I64;
            /// Ends one direction (`how` 0 reading, 1 writing) or both (2). A listener takes no more.
            [nounwind] fn altru_net_shutdown(socket: Ptr, how: I32) -> I32;
            /// Closes it. Nobody waits for it.
            [nounwind] fn altru_net_close(socket: Ptr) -> Void;
            /// Its own address, or its peer's. 0 or `-errno`.
            [nounwind] fn altru_net_address(socket: Ptr, peer: I32, out: Ptr) -> I32;
            /// Sets a `SocketOption`.
            [nounwind] fn altru_net_set_option(socket: Ptr, which: I32, value: I32) -> I32;
            /// The value of a `SocketOption`, or `-errno`.
            [nounwind] fn altru_net_option(socket: Ptr, which: I32) -> I32;
            /// Appends the addresses of a host, each on a line. 0, `-ENOENT` if it is not known, `-EAGAIN` if nobody could
            /// be asked, or another `-errno`.
            [nounwind waits] fn altru_net_lookup(host: Ptr, len: Usize, out: Ptr) -> I32;
            /// Listens for a signal: a handle from which 8 bytes can be read whenever it has come. 0 or `-errno`.
            [nounwind] fn altru_signal_open(signal: I32, out: Ptr) -> I32;
        }
    };
}

/// Calls `$callback!` with the functions that `web` exports, the part of the runtime that only programs with HTTP are linked with.
#[macro_export]
macro_rules! web_functions {
    ($callback:ident) => {
        $callback! {
            // ---- handles to what hyper and rustls make ----
            /// A client's settings of TLS: trusts the roots of the system and those given as PEM. 0, or 1 and an explanation.
            [nounwind] fn altru_http_tls_client(roots: Ptr, len: Usize, http2: I32, out: Ptr, error: Ptr) -> I32;
            /// A server's: its certificate and key as PEM.
            [nounwind] fn altru_http_tls_server(certificate: Ptr, certificate_len: Usize, key: Ptr, key_len: Usize, http2: I32, out: Ptr, error: Ptr) -> I32;
            [nounwind] fn altru_http_tls_drop(tls: Ptr) -> Void;
            /// A body that is sent in pieces: leaves the end where they go in, and the one for a message.
            [nounwind] fn altru_http_pieces(sender: Ptr, out: Ptr) -> Void;
            [nounwind] fn altru_http_pieces_drop(pieces: Ptr) -> Void;
            /// Waits until there is room for a piece. 1: it is on its way; 0: nobody takes it any more.
            [nounwind waits] fn altru_http_send_piece(sender: Ptr, piece: Ptr, len: Usize) -> I32;
            /// The body is complete. A sender that is dropped before breaks the message off.
            [nounwind] fn altru_http_finish(sender: Ptr) -> Void;
            [nounwind] fn altru_http_sender_drop(sender: Ptr) -> Void;
            /// Appends the head of a message, a line each: `METHOD target version` or `status version`, then `name: value`.
            [nounwind] fn altru_http_head(message: Ptr, out: Ptr) -> Void;
            /// Appends the next piece of a message's body. Its length; 0 at the end; -1 and an explanation.
            [nounwind waits] fn altru_http_read(message: Ptr, out: Ptr, error: Ptr) -> I64;
            /// Whether a request needs nobody who drives its connection while it is answered: the only one on it, and without a body.
            [nounwind] fn altru_http_is_alone(message: Ptr) -> I32;
            /// The headers of a message that is to be sent; none yet.
            [nounwind] fn altru_http_fields() -> Ptr;
            /// Adds one. 0, or 1 and an explanation.
            [nounwind] fn altru_http_field(fields: Ptr, name: Ptr, name_len: Usize, value: Ptr, value_len: Usize, error: Ptr) -> I32;
            [nounwind] fn altru_http_fields_drop(fields: Ptr) -> Void;
            /// Answers a request with a status, headers (taken over), and a body or (taken over, if it is not null) pieces. 0, or 1 and
            /// an explanation.
            [nounwind] fn altru_http_answer(message: Ptr, status: I64, fields: Ptr, body: Ptr, body_len: Usize, pieces: Ptr, error: Ptr) -> I32;
            /// A request that was not answered: its connection ends.
            [nounwind] fn altru_http_message_drop(message: Ptr) -> Void;
            /// Makes a client's connection of a stream, which it takes over. `tls` may be null; `http2`: without TLS, the server is
            /// known to speak it. 0, or 1 and an explanation.
            [nounwind waits] fn altru_http_connect(socket: Ptr, tls: Ptr, host: Ptr, host_len: Usize, http2: I32, out: Ptr, error: Ptr) -> I32;
            /// Whether a request may be sent.
            [nounwind] fn altru_http_is_open(connection: Ptr) -> I32;
            [nounwind] fn altru_http_is_http2(connection: Ptr) -> I32;
            /// Another handle of a connection that takes several requests at a time; else null.
            [nounwind] fn altru_http_share(connection: Ptr) -> Ptr;
            /// Sends a request (its first line as `METHOD URL`, headers and pieces taken over) and waits for its answer. 0, or an
            /// explanation and 1; 2: the server has seen nothing of it; 3: the connection ended before the answer began.
            [nounwind waits] fn altru_http_send(connection: Ptr, line: Ptr, line_len: Usize, fields: Ptr, body: Ptr, body_len: Usize, pieces: Ptr, out: Ptr, error: Ptr) -> I32;
            [nounwind] fn altru_http_connection_drop(connection: Ptr) -> Void;
            /// Makes a server's connection of a stream, which it takes over, and leaves a handle with which it is told to stop.
            /// `head`: how many bytes a head may have; `idle`: how long the next one may take; `patience`: how long the client may
            /// take nothing of what is sent.
            [nounwind] fn altru_http_serve(socket: Ptr, tls: Ptr, head: I64, idle: I64, patience: I64, stopper: Ptr) -> Ptr;
            /// Waits for the next request. 1; 0 at the end; -1 and an explanation.
            [nounwind waits] fn altru_http_next(connection: Ptr, out: Ptr, error: Ptr) -> I32;
            /// The connection ends after the requests it has.
            [nounwind] fn altru_http_stop(stopper: Ptr) -> Void;
            [nounwind] fn altru_http_stopper_drop(stopper: Ptr) -> Void;
            [nounwind] fn altru_http_server_drop(connection: Ptr) -> Void;
        }
    };
}
