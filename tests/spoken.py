"""Transcripts for tests, made from scripts: "SPEAKER: sentence" lines with even word times."""

import tomllib
from pathlib import Path
from typing import Any

from shownotes.model import (
    Event,
    Evidence,
    Fact,
    Names,
    Organization,
    OrganizationKind,
    Person,
    PersonRole,
    Segment,
    Sentence,
    Transcript,
    Word,
)

WORD_S, GAP_S, TOPIC_GAP_S = 0.35, 0.3, 0.9
DEMO = Path(__file__).parents[1] / "training" / "demo" / "episodes.toml"


def spoken(
    script: str, *, with_speakers: bool = False, language: str = "en", probability: float = 0.95
) -> Transcript:
    """A transcript of a script; an empty line is a longer pause."""
    segments: list[Segment] = []
    now = 0.5
    for block in script.strip().split("\n\n"):
        for number, line in enumerate(block.strip().splitlines()):
            speaker, text = line.split(": ", 1)
            now += (TOPIC_GAP_S if number == 0 else GAP_S) if segments else 0.0
            words = []
            for word in text.split():
                words.append(
                    Word(
                        text=word,
                        start=round(now, 2),
                        end=round(now + WORD_S, 2),
                        probability=probability,
                    )
                )
                now += WORD_S
            segments.append(
                Segment(
                    start=words[0].start,
                    end=words[-1].end,
                    text=text,
                    words=tuple(words),
                    speaker=speaker if with_speakers else None,
                )
            )
    return Transcript(
        language=language, segments=tuple(segments), duration=round(now + 1, 2), model="test"
    )


def demo_episodes() -> dict[str, dict[str, Any]]:
    """The demo episodes' texts and gold, by slug."""
    with DEMO.open("rb") as file:
        data = tomllib.load(file)
    return {
        episode["slug"]: {**episode, "show": data["show"], "sign_off": data["sign_off"]}
        for episode in data["episodes"]
    }


def evidence(sentences: tuple[Sentence, ...], said: str) -> Evidence:
    """The first sentence that holds some words."""
    sentence = next(s for s in sentences if said in s.text)
    return Evidence(text=sentence.text, start=sentence.start, end=sentence.end)


def gold_names(gold: dict[str, Any], sentences: tuple[Sentence, ...]) -> Names:
    """A demo episode's people and bodies as a perfect identify would find them."""
    people = [
        Person(name=name, role=PersonRole.HOST, evidence=evidence(sentences, name))
        for name in gold["hosts"]
    ]
    for guest in gold["guests"]:
        source = evidence(sentences, guest["name"])
        people.append(
            Person(
                name=guest["name"],
                role=PersonRole.GUEST,
                evidence=source,
                title=Fact(value=guest["title"], evidence=source) if "title" in guest else None,
                organization=Fact(value=guest["organization"], evidence=source),
            )
        )
    bodies = [
        Organization(
            name=agency["name"],
            kind=OrganizationKind.GOVERNMENT_AGENCY,
            evidence=evidence(sentences, agency["name"]),
            description=Fact(
                value=agency["description"], evidence=evidence(sentences, agency["name"])
            ),
        )
        for agency in gold["agencies"]
    ]
    bodies += [
        Organization(
            name=guest["organization"],
            kind=OrganizationKind.NGO,
            evidence=evidence(sentences, guest["organization"]),
        )
        for guest in gold["guests"]
    ]
    events = tuple(Event(name=e, evidence=evidence(sentences, e)) for e in gold["events"])
    return Names(people=tuple(people), organizations=tuple(bodies), events=events, pipeline="gold")


# An interview in another field, with fillers, a sponsor and no announcement or recap; and a story
# told by one person without a question. Written for these tests.
INTERVIEW = """
H: Welcome to Second Opinion, the show where we ask doctors what they ask each other.
H: I'm Tobias Okonkwo, and, um, I have been looking forward to this one for months.
H: Today I'm talking with Dr. Ingrid Vasquez, who runs the sleep clinic at Saint Brannoc Hospital.
G: Thanks for having me, it's, you know, lovely to be out of the clinic for once.
H: So let's start with the basics.
H: Why do so many nurses on night shifts say that they never really sleep?
G: Well, because the body has a clock, and the clock does not read the roster.
G: When you, um, when you work at night, your temperature drops at four in the morning anyway.
G: We followed two hundred and twelve nurses for a year.
G: On average they lost ninety minutes of sleep a day, every single day.
G: Sleep is not a bank account, you cannot pay in later what you took out on Monday.
H: I want to go back to something, what happened on the ward that night?
G: It was a Tuesday in February, I was a junior doctor, and I had been up for twenty-six hours.
G: A nurse called Bernadette stopped my hand.
G: I had written ten times the dose, ten times, and I had checked it twice.
G: That night I decided that being tired is not a weakness, it's a hazard, like a wet floor.

H: Let's talk about light, because I think people are confused by it.
H: Does a bright lamp actually help?
G: It does, if you use it at the right time, and it hurts if you use it at the wrong time.
G: Light before three in the morning pushes the clock later, and light after five pulls it back.
G: Most hospitals do it the wrong way round, with the brightest lamps at the end of a shift.
G: A pair of dark glasses costs six dollars, and in our trial it gave forty minutes more sleep.
H: That's incredible for six dollars.
G: Right, and no drug company will ever advertise it.

H: We'll be right back after this short break.
H: This episode is supported by Lantern Oats, the breakfast that waits for you.
H: Use the promo code OPINION for ten percent off your first box.
H: I want to turn to the rosters themselves, who actually writes them?
G: Usually a ward manager with a spreadsheet, at the kitchen table, on a Sunday.
G: Shifts that move forward are much easier on the heart than shifts that jump backward.
G: In Denmark they changed the direction in forty wards and sick days fell by a fifth.
H: So what would you tell a hospital director who is listening right now?
G: I would say three things, um, forward rotation, dark glasses, and a room with a bed.
G: A twenty minute nap at three in the morning is the cheapest safety device in medicine.
H: Dr. Ingrid Vasquez, thank you so much for coming in.
H: If you liked this episode, please leave us a review.
H: Our producer is Wanda Petrov.
H: Sleep well, and ask twice.
"""

STORY = """
H: In the spring of nineteen seventy-two a farmer named Odile Marchetti found a hole in her orchard.
H: It was no wider than a bucket, and it went down farther than her longest rope.
H: By the end of the summer the hole had taken eleven trees, a fence and a tractor.
H: This is Slow Ground, a podcast about what happens under our feet, and I am Rosalind Achebe.
H: The valley of Corvane sits on limestone, and limestone dissolves.
H: Rain picks up a little acid from the air, and it eats the rock the way sugar melts in tea.
H: What changed in nineteen seventy-two was not the rock but the water.
H: A new mine began to pump the valley dry, thirty million liters a day.
H: Water holds up the roof of a cave, as surely as a pillar does.
H: Take the water away and the ceiling hangs in the air.
H: In eighteen months the valley counted three hundred and four new holes.
H: The county asked the Bureau of Subsurface Safety, the agency that licenses every mine, to decide.
H: The bureau sent two men, and they stayed for lunch.
H: So Odile Marchetti did something strange.
H: She bought a bag of green dye and poured it into the hole in her orchard.
H: Six days later the pumps of the mine ran green.
H: Today every mine in the state has to trace the water before it may pump a single liter.
H: Slow Ground is written and produced by me.
H: Until then, watch your step.
"""
