"""The words of docs/templates.md around its tables; `template_contract` puts the two together."""

INTRO = """\
# Templates

<!-- Made by `python -m shownotes.template_contract > docs/templates.md`; change that, not this. -->

What the pages look like is yours to change. A template is the page itself with marks where the
episode's words go: you need to know some HTML (or Markdown), and no programming.

* `{{ notes.title }}` prints a value.
* `{% if notes.hook %} … {% endif %}` keeps what is between only where there is something.
* `{% for person in notes.guests %} … {% endfor %}` repeats what is between for each one.
* `{# … #}` is a remark that nobody sees.

That is most of it; the rest is in
[Jinja2's own guide](https://jinja.palletsprojects.com/en/stable/templates/).

## Change a page

1. Copy the file that you want to change from the program's `templates/notes/` into
   `templates/notes/` beside `shownotes.toml`. Yours is used from then on; files that you have not
   copied still come with the program and improve with it.
2. Run `shownotes render EPISODE --watch` and open the address it prints (it also says where the
   program's own templates lie). Each time you save the template, the page is made again; reload it
   in the browser. Ctrl-C ends it.
3. `shownotes render` makes the pages of all episodes again. `shownotes process` does so by itself
   wherever a template has changed.

**One show alone**: a file in `templates/shows/<show>/` is used for that show and wins over
`templates/notes/`. The folder is called exactly like the show (`shows/The Warmer Ledger/`), or like
its name in small letters with hyphens (`shows/the-warmer-ledger/`).

A whole `templates/notes/notes.md` of your own:

```jinja
"""

RULES = """\
```

A line of nothing but `{% … %}` leaves no empty line behind; write one where you want one. In the
pages of `.md` and `.txt` several empty lines become one.

## What happens to special characters

* In `.html` templates everything that is printed is escaped by itself: `<` in a title is shown as
  `<`. A link's address goes through `| url`, which lets only ordinary addresses through.
* In `.md` templates every value is escaped by itself: a `*` in a title stays a star. `| raw` prints
  a value as it is: for Markdown of your own making, and for what a macro gives back. An address in
  `(<…>)` goes through `| mdurl`.
* In `.txt` templates nothing is escaped. `| plain` makes one line without angle brackets.

## What may be empty

A value that may be empty prints as nothing. Before you go on with a dot, ask whether it is there:
`{% if person.title %}, {{ person.title.value }}{% endif %}`. A name that does not exist is an error
that tells the file, the line and the nearest name; no page is made with a hole in it:

    templates/notes/notes.md, line 12: there is no `notes.gest`. Did you mean `notes.guests`?

Nor is a whole thing printed where one of its fields was meant. `{{ person.title }}` is an error:
a title is a [Fact](#fact), whose words are `{{ person.title.value }}`.

Times are in seconds; `{{ page.moment(chapter.start).clock }}` prints one as people read it.
"""

FILES = """\
## The files

Each of these can be replaced by one of the same name. New files of your own can be used with
`{% include "mine.html" %}`.
"""

FILTERS = """\
## Filters

A filter changes a value on its way out: `{{ link.url | url }}`. Beside
[those of Jinja2](https://jinja.palletsprojects.com/en/stable/templates/#list-of-builtin-filters)
(`join`, `length`, `map`, `first`, `upper` …) there are:
"""

FIELDS = """\
## What a template receives

`page`, a [Page](#page); `notes`, the same as `page.notes`, a [ShowNotes](#shownotes); and `h`, the
[headings](#headings). `show.html` receives `site`, a [Site](#site), and `h`.
"""

HEADINGS = """\
## Headings

`h` holds the words that templates print, in the episode's language.
"""
