/* Sentences: a table. They change what is measured, so they stay as they are within a version. */
#include "tune/sentences.h"

#include <stddef.h>

#include "base/str.h"

static const char *const english[] = {
    "The lamp on the stairs had gone out.",
    "Nobody knew who had left the gate open, and by the evening nobody asked any more.",
    "She read the letter twice, folded it along the old creases, and put it back under the tin of buttons.",
    "When the water had fallen far enough to show the stones, the children went down with their buckets and "
    "came "
    "back with nothing but stories.",
    NULL,
};

static const char *const german[] = {
    "Das Licht auf der Treppe war erloschen.",
    "Niemand wusste, wer das Tor offen gelassen hatte, und am Abend fragte keiner mehr danach.",
    "Sie las den Brief zweimal, faltete ihn an den alten Kanten und legte ihn zurück unter die Dose mit den "
    "Knöpfen.",
    "Als das Wasser so weit gefallen war, dass die Steine zu sehen waren, gingen die Kinder mit ihren Eimern "
    "hinunter "
    "und brachten nichts als Geschichten mit.",
    NULL,
};

static const char *const french[] = {
    "La lampe de l'escalier s'était éteinte.",
    "Personne ne savait qui avait laissé le portail ouvert, et le soir personne ne le demandait plus.",
    "Elle lut la lettre deux fois, la replia le long des anciens plis et la remit sous la boîte de boutons.",
    "Quand l'eau eut assez baissé pour laisser voir les pierres, les enfants descendirent avec leurs seaux "
    "et ne "
    "rapportèrent que des histoires.",
    NULL,
};

static const char *const spanish[] = {
    "La lámpara de la escalera se había apagado.",
    "Nadie sabía quién había dejado abierta la puerta, y por la noche ya nadie lo preguntaba.",
    "Leyó la carta dos veces, la dobló por los viejos pliegues y la guardó otra vez bajo la caja de los "
    "botones.",
    "Cuando el agua bajó lo bastante para mostrar las piedras, los niños fueron con sus cubos y volvieron "
    "sin nada más "
    "que historias.",
    NULL,
};

static const char *const italian[] = {
    "La lampada sulle scale si era spenta.",
    "Nessuno sapeva chi avesse lasciato aperto il cancello, e la sera nessuno lo chiedeva più.",
    "Lesse la lettera due volte, la piegò lungo le vecchie pieghe e la rimise sotto la scatola dei bottoni.",
    "Quando l'acqua fu scesa abbastanza da mostrare le pietre, i bambini andarono giù con i loro secchi e "
    "tornarono "
    "soltanto con delle storie.",
    NULL,
};

static const char *const chinese[] = {
    "楼梯上的灯已经灭了。",
    "没有人知道是谁忘了关上大门，到了晚上也没有人再问了。",
    "她把信读了两遍，沿着旧的折痕叠好，又放回了装扣子的铁盒下面。",
    "河水退下去，露出了石头，孩子们提着小桶跑下去，回来的时候什么也没有带，只带回了许多故事。",
    NULL,
};

const char *const *ora_tune_sentences(const char *lang)
{
    static const struct {
        const char *lang;
        const char *const *list;
    } sets[] = {{"de", german}, {"fr", french}, {"es", spanish}, {"it", italian}, {"zh", chinese}};
    for (size_t i = 0; lang && i < sizeof sets / sizeof *sets; i++)
        if (ora_starts_with(lang, sets[i].lang))
            return sets[i].list;
    return english;
}
