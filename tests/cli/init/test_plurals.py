"""The singular of the nouns that paths and keys of APIs have."""

import pytest

from cli.init.detect.naming import blueprint_name, words_of
from cli.init.detect.plurals import singular

NOUNS = """
caches:cache kubernetes:kubernetes heroes:hero apis:api users:user teams:team boxes:box
classes:class status:status statuses:status addresses:address branches:branch patches:patch
matches:match batches:batch searches:search watches:watch switches:switch niches:niche
headaches:headache avalanches:avalanche processes:process series:series news:news
aliases:alias policies:policy repositories:repository companies:company movies:movie
cookies:cookie species:species indices:index vertices:vertex matrices:matrix
appendices:appendix people:person children:child men:man women:woman data:data media:media
metadata:metadata analyses:analysis bases:base databases:database cases:case releases:release
phases:phase purchases:purchase licenses:license leases:lease responses:response houses:house
causes:cause expenses:expense buses:bus gases:gas lenses:lens canvases:canvas courses:course
uses:use quizzes:quiz sizes:size prizes:prize zones:zone potatoes:potato echoes:echo
photos:photo videos:video repos:repo todos:todo tomatoes:tomato shoes:shoe wolves:wolf
leaves:leave lives:life knives:knife shelves:shelf drives:drive archives:archive moves:move
caves:cave slaves:slave curves:curve executives:executive objectives:objective axes:axis
axis:axis redis:redis jenkins:jenkins dns:dns tls:tls https:https aws:aws ems:ems sms:sms
gps:gps ops:ops devops:devops analytics:analytics metrics:metric statistics:statistic
topics:topic crises:crisis theses:thesis diagnoses:diagnosis hypotheses:hypothesis
synopses:synopsis emphases:emphasis radius:radius menus:menu campus:campus viruses:virus
bonuses:bonus corpus:corpus prometheus:prometheus nexus:nexus criteria:criterion
phenomena:phenomenon taxis:taxi skis:ski wikis:wiki kpis:kpi emojis:emoji uris:uri urls:url
clis:cli keys:key days:day replies:reply queries:query entries:entry categories:category
issues:issue values:value venues:venue queues:queue pods:pod namespaces:namespace nodes:node
services:service deployments:deployment ingresses:ingress incidents:incident
schedules:schedule invoices:invoice devices:device indexes:index feet:foot teeth:tooth
mice:mouse geese:goose proxies:proxy dependencies:dependency vulnerabilities:vulnerability
gateways:gateway arrays:array displays:display bus:bus address:address access:access
business:business progress:progress lens:lens alias:alias atlas:atlas bias:bias canvas:canvas
gas:gas chassis:chassis basis:basis analysis:analysis toes:toe canoes:canoe foes:foe
stitches:stitch pitches:pitch coaches:coach churches:church dashes:dash crashes:crash
wishes:wish hashes:hash flashes:flash fixes:fix taxes:tax prefixes:prefix suffixes:suffix
mailboxes:mailbox sandboxes:sandbox losses:loss passes:pass accesses:access witnesses:witness
details:detail settings:setting sprints:sprint tags:tag labels:label pies:pie ties:tie
zombies:zombie calories:calorie rookies:rookie chefs:chef beliefs:belief roofs:roof
briefs:brief workspaces:workspace sources:source resources:resource interfaces:interface
microservices:microservice sinks:sink links:link bytes:byte types:type notes:note aches:ache
axles:axle lists:list hosts:host artists:artist os:os ios:ios macos:macos tickets:ticket
vetoes:veto cargoes:cargo sheep:sheep fish:fish employees:employee trees:tree fees:fee
pipelines:pipeline  plus:plus minus:minus virus:virus consensus:consensus census:census
focus:focus biases:bias atlases:atlas approaches:approach beaches:beach breaches:breach
apaches:apache prices:price voices:voice sales:sale clauses:clause warehouses:warehouse
mazes:maze gazes:gaze waltzes:waltz quartzes:quartz workmen:workman specimen:specimen
bookshelves:bookshelf microcaches:microcache subindices:subindex glasses:glass campuses:campus
tenses:tense senses:sense horses:horse nurses:nurse universes:universe vases:vase
phrases:phrase roses:rose noses:nose purposes:purpose doses:dose closes:close
exercises:exercise promises:promise premises:premise enterprises:enterprise
franchises:franchise noises:noise irises:iris gizmos:gizmo mangoes:mango dies:die lies:lie
armies:army allergies:allergy sleeves:sleeve valves:valve olives:olive natives:native
hives:hive waves:wave gloves:glove loves:love serves:serve reserves:reserve nerves:nerve
stoves:stove groves:grove thermoses:thermose minutes:minute states:state increases:increase
cheeses:cheese geneses:genesis parentheses:parenthesis blouses:blouse fuses:fuse
refuses:refuse clashes:clash toothaches:toothache hoaxes:hoax bronzes:bronze breezes:breeze
blitzes:blitz buzzes:buzz chases:chase cruises:cruise license:license process:process
pass:pass
"""


@pytest.mark.parametrize("pair", NOUNS.split())
def test_singular(pair: str) -> None:
    plural, one = pair.split(":")
    assert singular(plural) == one


@pytest.mark.parametrize("pair", NOUNS.split())
def test_a_singular_stays(pair: str) -> None:
    one = pair.partition(":")[2]
    # Each of these is a plural, too.
    if one not in ("pass", "data"):
        assert singular(one) == one


@pytest.mark.parametrize("word", ["", "s", "is", "x", "ab1", "é", "ids", "aws"])
def test_what_is_no_noun_stays(word: str) -> None:
    assert singular(word) == word


def test_names_of_blueprints() -> None:
    paths = ("/v1/caches", "/kubernetes", "/heroes", "/apis", "/userGroups", "/branches")
    assert [*map(blueprint_name, paths)] == [
        *("cache", "kubernetes", "hero", "api", "userGroup", "branch"),
    ]
    assert words_of("buildCaches") == ["build", "cache"]
