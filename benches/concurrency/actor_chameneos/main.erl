%% A hundred creatures meet two by two at a mall and change their colours.
-module(main).
-export([main/0]).

main() ->
    [Part, Amount, Rounds] = init:get_plain_arguments(),
    [run(Part, list_to_integer(Amount)) || _ <- lists:seq(1, list_to_integer(Rounds))],
    halt().

now_ns() -> erlang:monotonic_time(nanosecond).

run(_, Meetings) ->
    Start = now_ns(),
    Mall = self(),
    [spawn(fun() -> creature(Mall, I rem 3, 0) end) || I <- lists:seq(0, 99)],
    Met = mall(Meetings, none, 0, 0),
    io:format("actor_chameneos ~w ~w ~w~n", [Meetings, now_ns() - Start, Met]).

mall(_, _, 100, Met) -> Met;
mall(Left, Waiting, Out, Met) ->
    receive
        {left, Its} -> mall(Left, Waiting, Out + 1, Met + Its);
        {enter, Guest, _} when Left =:= 0 -> Guest ! leave, mall(0, Waiting, Out, Met);
        {enter, Guest, Colour} ->
            case Waiting of
                none -> mall(Left, {Guest, Colour}, Out, Met);
                {Other, Its} ->
                    Guest ! {meet, Its},
                    Other ! {meet, Colour},
                    mall(Left - 1, none, Out, Met)
            end
    end.

creature(Mall, Colour, Met) ->
    Mall ! {enter, self(), Colour},
    receive
        {meet, Colour} -> creature(Mall, Colour, Met + 1);
        {meet, Other} -> creature(Mall, 3 - Colour - Other, Met + 1);
        leave -> Mall ! {left, Met}
    end.
