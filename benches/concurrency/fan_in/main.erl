%% Eight producers send numbers to one consumer, whose mailbox has no limit.
-module(main).
-export([main/0]).

main() ->
    [Part, Amount, Rounds] = init:get_plain_arguments(),
    [run(Part, list_to_integer(Amount)) || _ <- lists:seq(1, list_to_integer(Rounds))],
    halt().

now_ns() -> erlang:monotonic_time(nanosecond).

run(Part, N) ->
    Each = N div 8,
    Start = now_ns(),
    Me = self(),
    spawn(fun() ->
        Consumer = self(),
        [spawn(fun() -> produce(Consumer, 0, Each) end) || _ <- lists:seq(1, 8)],
        Me ! {sum, consume(8 * Each, 0)}
    end),
    Sum = receive {sum, S} -> S end,
    io:format("fan_in/~s ~w ~w ~w~n", [Part, Each * 8, now_ns() - Start, Sum]).

produce(_, N, N) -> ok;
produce(Consumer, I, N) -> Consumer ! I, produce(Consumer, I + 1, N).

consume(0, Sum) -> Sum;
consume(Left, Sum) -> receive I -> consume(Left - 1, Sum + I) end.
