%% A tree of processes, ten children each, whose leaves' numbers are summed upwards.
-module(main).
-export([main/0]).

main() ->
    [Part, Amount, Rounds] = init:get_plain_arguments(),
    [run(Part, list_to_integer(Amount)) || _ <- lists:seq(1, list_to_integer(Rounds))],
    halt().

now_ns() -> erlang:monotonic_time(nanosecond).

run(Part, Leaves) ->
    Start = now_ns(),
    Me = self(),
    spawn(fun() -> skynet(Me, 0, Leaves) end),
    Sum = receive {sum, S} -> S end,
    io:format("skynet/~s ~w ~w ~w~n", [Part, Leaves + Leaves div 9, now_ns() - Start, Sum]).

skynet(Parent, First, 1) -> Parent ! {sum, First};
skynet(Parent, First, Leaves) ->
    Me = self(),
    Part = Leaves div 10,
    [spawn(fun() -> skynet(Me, First + I * Part, Part) end) || I <- lists:seq(0, 9)],
    Parent ! {sum, sum(10, 0)}.

sum(0, Sum) -> Sum;
sum(K, Sum) -> receive {sum, S} -> sum(K - 1, Sum + S) end.
