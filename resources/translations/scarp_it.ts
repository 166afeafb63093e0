<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="it" sourcelanguage="en">
<context>
<name>Scarp</name>
<message>
<source>1. Set up and try</source>
<translation>1. Installare e provare</translation>
</message>
<message>
<source>2. Prepare data</source>
<translation>2. Preparare i dati</translation>
</message>
<message>
<source>3. Train and compare</source>
<translation>3. Addestrare e confrontare</translation>
</message>
<message>
<source>4. Map and classify</source>
<translation>4. Mappare e classificare</translation>
</message>
<message>
<source>5. Several steps at once</source>
<translation>5. Più passi in una volta</translation>
</message>
<message>
<source>A band for each covariate: what it adds to the susceptibility of average ground. Takes no longer than the strongest factor.</source>
<translation>Una banda per ogni covariata: quanto aggiunge alla suscettibilità del terreno medio. Non richiede più tempo del fattore più forte.</translation>
</message>
<message>
<source>A cell belongs to the drainage network from this contributing area on; for the distance to, the height above and the density of drainage.</source>
<translation>Una cella appartiene al reticolo di drenaggio a partire da questa area contribuente; vale per la distanza dal drenaggio, l'altezza su di esso e la sua densità.</translation>
</message>
<message>
<source>A class of their own</source>
<translation>Una classe a sé</translation>
</message>
<message>
<source>A digital elevation model in a projected coordinate reference system.</source>
<translation>Un modello digitale del terreno in un sistema di riferimento proiettato.</translation>
</message>
<message>
<source>A digital elevation model in a projected coordinate reference system; it gives the stack its grid. It may be left out where ready rasters are given.</source>
<translation>Un modello digitale del terreno in un sistema di riferimento proiettato; dà allo stack la sua griglia. Può mancare dove si danno raster già pronti.</translation>
</message>
<message>
<source>A hillshade is made from it, at the resolution of the paper, where none is given; in metres.</source>
<translation>Se non è data un'ombreggiatura, ne viene fatta una da questa, alla risoluzione della carta; in metri.</translation>
</message>
<message>
<source>A line at the foot of the map: who made it, from which data and inventory, how well it was tested.</source>
<translation>Una riga in fondo alla carta: chi l'ha fatta, da quali dati e quale inventario, quanto bene è stata verificata.</translation>
</message>
<message>
<source>A place on the map: the report tells what makes its susceptibility.</source>
<translation>Un luogo sulla mappa: il rapporto dice che cosa ne fa la suscettibilità.</translation>
</message>
<message>
<source>A raster whose grid the stack gets where there is no DEM. Empty: that of the first raster given.</source>
<translation>Un raster di cui lo stack prende la griglia dove non c'è un DEM. Vuoto: quella del primo raster dato.</translation>
</message>
<message>
<source>A row for all, for each sub-area and for each date: AUC with its interval, rate, average precision (.csv, .gpkg or .xlsx).</source>
<translation>Una riga per tutto, per ogni sottoarea e per ogni data: AUC con il suo intervallo, tasso, precisione media (.csv, .gpkg o .xlsx).</translation>
</message>
<message>
<source>A row for each class, of all, of each sub-area and of each date: area, landslides, density (.csv, .gpkg or .xlsx).</source>
<translation>Una riga per ogni classe, del totale, di ogni sottoarea e di ogni data: area, frane, densità (.csv, .gpkg o .xlsx).</translation>
</message>
<message>
<source>A row for each covariate, each group and each set that correlates: by how much the AUC falls without it (.csv, .gpkg or .xlsx).</source>
<translation>Una riga per ogni covariata, ogni gruppo e ogni insieme correlato: di quanto cala l'AUC senza di esso (.csv, .gpkg o .xlsx).</translation>
</message>
<message>
<source>A row for each validation and classifier, with every metric and the comparison with the CNN–DNN.</source>
<translation>Una riga per ogni validazione e classificatore, con tutte le metriche e il confronto con la CNN–DNN.</translation>
</message>
<message>
<source>A row for each validation and classifier, with every metric, its deviation and the comparison with the CNN–DNN.</source>
<translation>Una riga per ogni validazione e classificatore, con tutte le metriche, la loro deviazione e il confronto con la CNN–DNN.</translation>
</message>
<message>
<source>A3 (297 × 420 mm)</source>
<translation>Foglio A3 (297 × 420 mm)</translation>
</message>
<message>
<source>A4 (210 × 297 mm)</source>
<translation>Foglio A4 (210 × 297 mm)</translation>
</message>
<message>
<source>AUC by cells</source>
<translation>AUC per celle</translation>
</message>
<message>
<source>AUC of the adapted model on landslides held out</source>
<translation>AUC del modello adattato su frane tenute da parte</translation>
</message>
<message>
<source>AUC of the most honest test</source>
<translation>AUC del test più onesto</translation>
</message>
<message>
<source>AUC on held-out landslides</source>
<translation>AUC su frane tenute da parte</translation>
</message>
<message>
<source>AUC that the truth itself has on average</source>
<translation>AUC che la verità stessa ha in media</translation>
</message>
<message>
<source>Adagrad</source>
<translation>Adagrad</translation>
</message>
<message>
<source>Adam</source>
<translation>Adam</translation>
</message>
<message>
<source>Adapt model to another area</source>
<translation>Adatta modello a un'altra area</translation>
</message>
<message>
<source>Adaptation report</source>
<translation>Rapporto dell'adattamento</translation>
</message>
<message>
<source>Adapted model</source>
<translation>Modello adattato</translation>
</message>
<message>
<source>All</source>
<translation>Tutte</translation>
</message>
<message>
<source>All curves and tables, with what each means and which AUC to quote.</source>
<translation>Tutte le curve e le tabelle, con il loro significato e con l'AUC da citare.</translation>
</message>
<message>
<source>All figures, tables and maps of the screening, with its method.</source>
<translation>Tutte le figure, le tabelle e le mappe dell'esame, con il metodo.</translation>
</message>
<message>
<source>Altitude</source>
<translation>Quota</translation>
</message>
<message>
<source>An interpreter that has GDAL's Python bindings. Empty: QGIS's own, which is nearly always right.</source>
<translation>Un interprete che ha i binding Python di GDAL. Vuoto: quello di QGIS, che va bene quasi sempre.</translation>
</message>
<message>
<source>Another map of the same area, to be compared: which of the two ranks the landslides better, and where they differ.</source>
<translation>Un'altra mappa della stessa area, da confrontare: quale delle due ordina meglio le frane, e dove differiscono.</translation>
</message>
<message>
<source>Another number makes another landscape.</source>
<translation>Un altro numero fa un altro paesaggio.</translation>
</message>
<message>
<source>Any raster whose values rise with susceptibility: of Scarp or of another tool, from 0 to 1, percents, an index or classes.</source>
<translation>Qualsiasi raster i cui valori crescono con la suscettibilità: di Scarp o di un altro programma, da 0 a 1, in percento, un indice o classi.</translation>
</message>
<message>
<source>Area of applicability</source>
<translation>Area di applicabilità</translation>
</message>
<message>
<source>As far apart as the map lies from landslides (kNNDM)</source>
<translation>Lontani quanto la mappa è lontana dalle frane (kNNDM)</translation>
</message>
<message>
<source>Aspect</source>
<translation>Esposizione</translation>
</message>
<message>
<source>At least five, as points or polygons; or sample cells, if the field below is set.</source>
<translation>Almeno cinque, come punti o poligoni; o celle campione, se il campo qui sotto è indicato.</translation>
</message>
<message>
<source>Author</source>
<translation>Autore</translation>
</message>
<message>
<source>Back</source>
<translation>Indietro</translation>
</message>
<message>
<source>Balanced (both classes count the same)</source>
<translation>Bilanciati (le due classi contano lo stesso)</translation>
</message>
<message>
<source>Band of the map</source>
<translation>Banda della mappa</translation>
</message>
<message>
<source>Band of the second map</source>
<translation>Banda della seconda mappa</translation>
</message>
<message>
<source>Batch normalisation</source>
<translation>Normalizzazione dei batch</translation>
</message>
<message>
<source>Batch size</source>
<translation>Dimensione dei batch</translation>
</message>
<message>
<source>Batch sizes to try</source>
<translation>Dimensioni dei batch da provare</translation>
</message>
<message>
<source>Benchmark and map the best</source>
<translation>Confronta e mappa il migliore</translation>
</message>
<message>
<source>Benchmark classifiers</source>
<translation>Confronta classificatori</translation>
</message>
<message>
<source>Benchmark report</source>
<translation>Rapporto del confronto</translation>
</message>
<message>
<source>Bernoulli naïve Bayes</source>
<translation>Bayes ingenuo di Bernoulli</translation>
</message>
<message>
<source>Best classifier</source>
<translation>Classificatore migliore</translation>
</message>
<message>
<source>Block size (m)</source>
<translation>Lato dei blocchi (m)</translation>
</message>
<message>
<source>Breaks of class stability</source>
<translation>Limiti per la stabilità delle classi</translation>
</message>
<message>
<source>Breaks that keep the most of the success rate and the AUC</source>
<translation>Limiti che conservano il più del tasso di successo e dell'AUC</translation>
</message>
<message>
<source>Buffer around landslides (m)</source>
<translation>Fascia attorno alle frane (m)</translation>
</message>
<message>
<source>By share of landslides (the highest class holds half of them, …)</source>
<translation>Per quota di frane (la classe più alta ne contiene la metà, …)</translation>
</message>
<message>
<source>CNN–DNN</source>
<translation>CNN–DNN</translation>
</message>
<message>
<source>CNN–DNN with trees</source>
<translation>CNN–DNN con alberi</translation>
</message>
<message>
<source>Calibration</source>
<translation>Calibrazione</translation>
</message>
<message>
<source>Cancel</source>
<translation>Annulla</translation>
</message>
<message>
<source>Cancelled.</source>
<translation>Annullato.</translation>
</message>
<message>
<source>Cell size</source>
<translation>Dimensione della cella</translation>
</message>
<message>
<source>Cell size (m)</source>
<translation>Dimensione della cella (m)</translation>
</message>
<message>
<source>Cell size of the stack, in the units of its coordinate reference system. Empty: the DEM's own.</source>
<translation>Dimensione della cella dello stack, nelle unità del suo sistema di riferimento. Vuoto: quella del DEM.</translation>
</message>
<message>
<source>Cells of a polygon</source>
<translation>Celle di un poligono</translation>
</message>
<message>
<source>Cells per side</source>
<translation>Celle per lato</translation>
</message>
<message>
<source>Cells that make one step.</source>
<translation>Celle che fanno un passo.</translation>
</message>
<message>
<source>Cells with their folds</source>
<translation>Celle con i loro fold</translation>
</message>
<message>
<source>Cells without a class</source>
<translation>Celle senza classe</translation>
</message>
<message>
<source>Choose a field of the layer</source>
<translation>Scegli un campo del layer</translation>
</message>
<message>
<source>Class numbers from 1 (lowest), with names and colours.</source>
<translation>Numeri di classe da 1 (la più bassa), con nomi e colori.</translation>
</message>
<message>
<source>Class polygons</source>
<translation>Poligoni delle classi</translation>
</message>
<message>
<source>Class weights</source>
<translation>Pesi delle classi</translation>
</message>
<message>
<source>Classes</source>
<translation>Classi</translation>
</message>
<message>
<source>Classes by</source>
<translation>Classi secondo</translation>
</message>
<message>
<source>Classes of covariates</source>
<translation>Classi delle covariate</translation>
</message>
<message>
<source>Classes that count as high</source>
<translation>Classi che contano come alte</translation>
</message>
<message>
<source>Classifiers</source>
<translation>Classificatori</translation>
</message>
<message>
<source>Classify susceptibility</source>
<translation>Classifica suscettibilità</translation>
</message>
<message>
<source>Climate</source>
<translation>Clima</translation>
</message>
<message>
<source>Climate: field with the class</source>
<translation>Clima: campo con la classe</translation>
</message>
<message>
<source>Close</source>
<translation>Chiudi</translation>
</message>
<message>
<source>Compares the CNN–DNN with other classifiers on your data, in spatial and random folds, fits the best of them to all cells, maps susceptibility with it and sorts it into five classes.</source>
<translation>Confronta la CNN–DNN con altri classificatori sui propri dati, in fold spaziali e casuali, adatta il migliore a tutte le celle, mappa con esso la suscettibilità e la divide in cinque classi.</translation>
</message>
<message>
<source>Completeness of the inventory</source>
<translation>Completezza dell'inventario</translation>
</message>
<message>
<source>Computed by</source>
<translation>Calcolo con</translation>
</message>
<message>
<source>Computes the conditioning factors (covariates) of landslides on the grid of the DEM and writes them as the bands of one raster, the covariate stack. A DEM is enough; every further layer adds covariates. Without a DEM, rasters that are ready (“Further continuous rasters” and “Further categorical rasters”) become the stack. Layers may have any coordinate reference system, cell size and extent: they are laid over the DEM's grid, and the log says how.

A cell is valid where every covariate is; the log says how many cells each layer costs.</source>
<translation>Calcola i fattori predisponenti (covariate) delle frane sulla griglia del DEM e li scrive come bande di un solo raster, lo stack di covariate. Basta un DEM; ogni altro layer aggiunge covariate. Senza DEM, raster già pronti («Altri raster continui» e «Altri raster categorici») diventano lo stack. I layer possono avere qualsiasi sistema di riferimento, dimensione della cella ed estensione: vengono portati sulla griglia del DEM, e il registro dice come.

Una cella è valida dove lo è ogni covariata; il registro dice quante celle costa ogni layer.</translation>
</message>
<message>
<source>Computes the landslide susceptibility (0 to 1) of every cell of a covariate stack with a trained model. The stack is read by windows, so its size does not matter. A trained network also maps without TensorFlow, only slower: a colleague who has QGIS but not Scarp's engine can use your model file.

Bands are matched by name: the stack may have more covariates than the model, in any order.

The uncertainty tells how far the members of a CNN–DNN differ, and how many of them put a cell into the map's class; it is drawn with the susceptibility, pale where members differ. It tells what the training leaves open, not what is wrong with covariates or inventory.

The area of applicability is where the covariates are like those of training cells, by the importance of each; elsewhere the model guesses, and its tests say nothing.</source>
<translation>Calcola la suscettibilità da frana (da 0 a 1) di ogni cella di uno stack di covariate con un modello addestrato. Lo stack si legge a finestre, perciò la sua grandezza non importa. Una rete addestrata mappa anche senza TensorFlow, solo più piano: un collega che ha QGIS ma non il motore di Scarp può usare il tuo file di modello.

Le bande si trovano per nome: lo stack può avere più covariate del modello, in qualsiasi ordine.

L'incertezza dice quanto differiscono i membri di una CNN–DNN, e quanti di loro mettono una cella nella classe della mappa; si disegna insieme alla suscettibilità, pallida dove i membri differiscono. Dice ciò che l'addestramento lascia aperto, non ciò che non va nelle covariate o nell'inventario.

L'area di applicabilità è dove le covariate somigliano a quelle delle celle di addestramento, secondo l'importanza di ciascuna; altrove il modello tira a indovinare, e i suoi test non dicono nulla.</translation>
</message>
<message>
<source>Constant</source>
<translation>Costante</translation>
</message>
<message>
<source>Contributing area by</source>
<translation>Area contribuente secondo</translation>
</message>
<message>
<source>Contributing area of drainage (km²)</source>
<translation>Area contribuente del drenaggio (km²)</translation>
</message>
<message>
<source>Contributions of all covariates</source>
<translation>Contributi di tutte le covariate</translation>
</message>
<message>
<source>Copy diagnostics</source>
<translation>Copia diagnostica</translation>
</message>
<message>
<source>Cosine decay</source>
<translation>Calo a coseno</translation>
</message>
<message>
<source>Covariate stack</source>
<translation>Stack di covariate</translation>
</message>
<message>
<source>Covariates</source>
<translation>Covariate</translation>
</message>
<message>
<source>Covariates above it count as collinear, as repeating others; 5 as in Azarafza et al. (2021).</source>
<translation>Le covariate sopra questo valore contano come collineari, cioè ripetono altre; 5 come in Azarafza et al. (2021).</translation>
</message>
<message>
<source>Covariates from the DEM</source>
<translation>Covariate dal DEM</translation>
</message>
<message>
<source>Covariates screened</source>
<translation>Covariate esaminate</translation>
</message>
<message>
<source>Create sample landscape</source>
<translation>Crea paesaggio di esempio</translation>
</message>
<message>
<source>D8, O'Callaghan and Mark (1984)</source>
<translation>D8, O'Callaghan e Mark (1984)</translation>
</message>
<message>
<source>Dask scheduler</source>
<translation>Scheduler Dask</translation>
</message>
<message>
<source>Date</source>
<translation>Data</translation>
</message>
<message>
<source>Decision tree</source>
<translation>Albero di decisione</translation>
</message>
<message>
<source>Dense layers after the two parts are joined.</source>
<translation>Strati densi dopo l'unione delle due parti.</translation>
</message>
<message>
<source>Density by class</source>
<translation>Densità per classe</translation>
</message>
<message>
<source>Diagnostics are on the clipboard: paste them into your report.</source>
<translation>La diagnostica è negli appunti: incollala nella tua segnalazione.</translation>
</message>
<message>
<source>Difference of the maps</source>
<translation>Differenza delle mappe</translation>
</message>
<message>
<source>Distance to drainage</source>
<translation>Distanza dal drenaggio</translation>
</message>
<message>
<source>Drainage density</source>
<translation>Densità di drenaggio</translation>
</message>
<message>
<source>Draw non-landslide cells</source>
<translation>Estrazione delle celle senza frana</translation>
</message>
<message>
<source>Drawn under the classes, so that valleys and ridges are seen; values from 0 to 255 (gdal:hillshade).</source>
<translation>Disegnato sotto le classi, perché si vedano valli e crinali; valori da 0 a 255 (gdal:hillshade).</translation>
</message>
<message>
<source>Dropout</source>
<translation>Dropout</translation>
</message>
<message>
<source>D∞, Tarboton (1997)</source>
<translation>D∞, Tarboton (1997)</translation>
</message>
<message>
<source>Each landslide counts the same</source>
<translation>Ogni frana conta lo stesso</translation>
</message>
<message>
<source>Eastness</source>
<translation>Esposizione a est</translation>
</message>
<message>
<source>Elevation</source>
<translation>Quota del terreno</translation>
</message>
<message>
<source>Elevation (DEM)</source>
<translation>Quota del terreno (DEM)</translation>
</message>
<message>
<source>Elevation: band</source>
<translation>Quota del terreno: banda</translation>
</message>
<message>
<source>Ensemble members</source>
<translation>Membri dell'insieme</translation>
</message>
<message>
<source>Epochs</source>
<translation>Epoche</translation>
</message>
<message>
<source>Epochs without a better validation loss before training stops. 0: a third of all, at least 10.</source>
<translation>Epoche senza una perdita di validazione migliore prima che l'addestramento si fermi. 0: un terzo di tutte, almeno 10.</translation>
</message>
<message>
<source>Equal intervals</source>
<translation>Intervalli uguali</translation>
</message>
<message>
<source>Everything that pip printed.</source>
<translation>Tutto ciò che pip ha scritto.</translation>
</message>
<message>
<source>Exclusion distance (m)</source>
<translation>Distanza di esclusione (m)</translation>
</message>
<message>
<source>Explain model</source>
<translation>Spiega modello</translation>
</message>
<message>
<source>Explanation report</source>
<translation>Rapporto della spiegazione</translation>
</message>
<message>
<source>Extreme</source>
<translation>Estrema</translation>
</message>
<message>
<source>Extremely high</source>
<translation>Estremamente alta</translation>
</message>
<message>
<source>Extremely low</source>
<translation>Estremamente bassa</translation>
</message>
<message>
<source>Faults</source>
<translation>Faglie</translation>
</message>
<message>
<source>Field that tells landslides</source>
<translation>Campo che indica le frane</translation>
</message>
<message>
<source>Field with the date</source>
<translation>Campo con la data</translation>
</message>
<message>
<source>Field with the name of the sub-area</source>
<translation>Campo con il nome della sottoarea</translation>
</message>
<message>
<source>Field with the type of movement</source>
<translation>Campo con il tipo di movimento</translation>
</message>
<message>
<source>Filters</source>
<translation>Filtri</translation>
</message>
<message>
<source>Filters of the first convolution; each further one has twice as many.</source>
<translation>Filtri della prima convoluzione; ogni successiva ne ha il doppio.</translation>
</message>
<message>
<source>Five classes are: very low, low, moderate, high, very high.</source>
<translation>Cinque classi sono: molto bassa, bassa, moderata, alta, molto alta.</translation>
</message>
<message>
<source>Five classes from very low to very high, by natural breaks.</source>
<translation>Cinque classi da molto bassa a molto alta, per interruzioni naturali.</translation>
</message>
<message>
<source>Flat (slope below the limit)</source>
<translation>Terreno piano (pendenza sotto il limite)</translation>
</message>
<message>
<source>Flat ground is below (degrees)</source>
<translation>Il terreno piano è sotto (gradi)</translation>
</message>
<message>
<source>Flow accumulation</source>
<translation>Accumulo del flusso</translation>
</message>
<message>
<source>Folder for the landscape</source>
<translation>Cartella per il paesaggio</translation>
</message>
<message>
<source>Folder of the project</source>
<translation>Cartella del progetto</translation>
</message>
<message>
<source>Folds</source>
<translation>Fold</translation>
</message>
<message>
<source>For a map of one type of landslide, or of types alike: the field that tells the type, as text or code. Landslides of other types, and those without one, are not counted.</source>
<translation>Per una carta di un solo tipo di frana, o di tipi simili: il campo che indica il tipo, come testo o codice. Le frane di altri tipi, e quelle senza tipo, non sono contate.</translation>
</message>
<message>
<source>For a model of one type of landslide, or of types alike: the field that tells the type, as text or code. Landslides of other types, and those without one, take no part, and no absence is drawn near them.</source>
<translation>Per un modello di un tipo di frana, o di tipi simili: il campo che dice il tipo, come testo o codice. Le frane di altri tipi, e quelle senza tipo, non vi prendono parte, e nessuna assenza viene estratta vicino a esse.</translation>
</message>
<message>
<source>For each cell the covariate that does most to make it more, or less, susceptible than average ground. Takes as long as about two maps for each covariate.</source>
<translation>Per ogni cella la covariata che più la rende più, o meno, suscettibile del terreno medio. Richiede circa il tempo di due mappe per ogni covariata.</translation>
</message>
<message>
<source>For labelled cells: the field with 1 for landslide and 0 for none. Empty for an inventory: its landslides are told from all other cells of the map.</source>
<translation>Per celle con etichetta: il campo con 1 per frana e 0 per nessuna frana. Vuoto per un inventario: le sue frane si distinguono da tutte le altre celle della mappa.</translation>
</message>
<message>
<source>For sample cells: the field with 1 for landslide and 0 for none (“landslide”). Empty for a plain inventory.</source>
<translation>Per celle campione: il campo con 1 per frana e 0 per nessuna frana («landslide»). Vuoto per un semplice inventario.</translation>
</message>
<message>
<source>For the method “by share of landslides”: percent of the landslides in each class, from the highest class down, separated by commas (50, 25, 15, 7, 3). Empty: each class holds half of those that the higher ones left.</source>
<translation>Per il metodo «per quota di frane»: percento delle frane in ogni classe, dalla classe più alta in giù, separati da virgole (50, 25, 15, 7, 3). Vuoto: ogni classe contiene la metà di quelle lasciate dalle più alte.</translation>
</message>
<message>
<source>For the method “manual breaks”: the values between classes in the map's own numbers, from low to high, separated by commas.</source>
<translation>Per il metodo «limiti a mano»: i valori tra le classi nei numeri della mappa, dal basso in alto, separati da virgole.</translation>
</message>
<message>
<source>For the method “manual breaks”: the values between classes, from low to high, separated by commas (0.2, 0.4, 0.6, 0.8).</source>
<translation>Per il metodo «limiti a mano»: i valori tra le classi, dal basso in alto, separati da virgole (0.2, 0.4, 0.6, 0.8).</translation>
</message>
<message>
<source>For the search: values separated by commas.</source>
<translation>Per la ricerca: valori separati da virgole.</translation>
</message>
<message>
<source>For the temporal validation: landslides of this day (2021-04-30) and later test. Empty: the latest fifth.</source>
<translation>Per la validazione temporale: le frane di questo giorno (2021-04-30) e successive fanno il test. Vuoto: l'ultimo quinto.</translation>
</message>
<message>
<source>For the temporal validation: when each landslide happened (a day, month, year, span of years, …).</source>
<translation>Per la validazione temporale: quando è avvenuta ogni frana (un giorno, un mese, un anno, un intervallo di anni, …).</translation>
</message>
<message>
<source>For the uncertainty: from each member so many networks are drawn that leave out units as in training (Monte-Carlo dropout; Gal and Ghahramani 2016), and their spread is told in place of the members'. 20 are enough as a rule; mapping takes about so many times as long. 0: the members as they are.</source>
<translation>Per l'incertezza: da ogni membro si estraggono tante reti che lasciano fuori unità come nell'addestramento (dropout Monte-Carlo; Gal e Ghahramani 2016), e si dà la loro dispersione al posto di quella dei membri. Di regola bastano 20; la mappa richiede circa altrettante volte il tempo. 0: i membri come sono.</translation>
</message>
<message>
<source>For the uncertainty: the values between the classes of which stability is told, from low to high, separated by commas; give those of your classes. A value that equals a break belongs to the higher class.</source>
<translation>Per l'incertezza: i valori tra le classi di cui si dice la stabilità, dal basso in alto, separati da virgole; dai quelli delle tue classi. Un valore uguale a un limite appartiene alla classe superiore.</translation>
</message>
<message>
<source>From a DEM and a landslide inventory to a classified susceptibility map in one step: prepares the covariates of the terrain, draws sample cells, trains and tests the CNN–DNN, maps susceptibility and sorts it into five classes, with the defaults of each step.</source>
<translation>Da un DEM e un inventario delle frane a una mappa di suscettibilità classificata in un solo passo: prepara le covariate del terreno, estrae le celle campione, addestra e prova la CNN–DNN, mappa la suscettibilità e la divide in cinque classi, con i valori predefiniti di ogni passo.</translation>
</message>
<message>
<source>From a covariate stack and a landslide inventory to a classified susceptibility map, with the defaults of each step: draws sample cells, trains and tests the CNN–DNN, maps susceptibility and sorts it into five classes.</source>
<translation>Da uno stack di covariate e un inventario delle frane a una mappa di suscettibilità classificata, con i valori predefiniti di ogni passo: estrae le celle campione, addestra e prova la CNN–DNN, mappa la suscettibilità e la divide in cinque classi.</translation>
</message>
<message>
<source>Further categorical rasters</source>
<translation>Altri raster categorici</translation>
</message>
<message>
<source>Further continuous rasters</source>
<translation>Altri raster continui</translation>
</message>
<message>
<source>Further layers for distances</source>
<translation>Altri layer per distanze</translation>
</message>
<message>
<source>Gaussian naïve Bayes</source>
<translation>Bayes ingenuo gaussiano</translation>
</message>
<message>
<source>General curvature</source>
<translation>Curvatura generale</translation>
</message>
<message>
<source>GeoPackage (*.gpkg)</source>
<translation>GeoPackage (*.gpkg)</translation>
</message>
<message>
<source>GeoPackage or shapefile (*.gpkg *.shp)</source>
<translation>GeoPackage o shapefile (*.gpkg *.shp)</translation>
</message>
<message>
<source>Geology</source>
<translation>Geologia</translation>
</message>
<message>
<source>Geology: field with the class</source>
<translation>Geologia: campo con la classe</translation>
</message>
<message>
<source>Geometric intervals</source>
<translation>Intervalli geometrici</translation>
</message>
<message>
<source>Gives the success rate beside the prediction rate of the others, and is no ground without landslides.</source>
<translation>Dà il tasso di successo accanto al tasso di previsione delle altre, e non è terreno senza frane.</translation>
</message>
<message>
<source>Go on from the last member that an interrupted run of the same training left beside the model file, and leave what is done if this run is interrupted in turn.</source>
<translation>Continua dall'ultimo membro che un'esecuzione interrotta dello stesso addestramento ha lasciato accanto al file del modello, e lascia ciò che è fatto se questa esecuzione viene a sua volta interrotta.</translation>
</message>
<message>
<source>Go on from what an interrupted run of the same map left beside the output, and leave what is done if this run is interrupted in turn.</source>
<translation>Continua da ciò che un'esecuzione interrotta della stessa mappa ha lasciato accanto all'output, e lascia ciò che è fatto se questa esecuzione viene a sua volta interrotta.</translation>
</message>
<message>
<source>Gradient boosting</source>
<translation>Gradient boosting (alberi)</translation>
</message>
<message>
<source>HTML (*.html)</source>
<translation>HTML (*.html)</translation>
</message>
<message>
<source>Half random, half flat</source>
<translation>Metà casuali, metà su terreno piano</translation>
</message>
<message>
<source>Height above drainage</source>
<translation>Altezza sul drenaggio</translation>
</message>
<message>
<source>Held out: the map was made without them</source>
<translation>Tenute da parte: la mappa è stata fatta senza di esse</translation>
</message>
<message>
<source>Held out: the model was trained without them</source>
<translation>Tenute da parte: il modello è stato addestrato senza di esse</translation>
</message>
<message>
<source>Held-out inventory (prediction rate)</source>
<translation>Inventario tenuto da parte (tasso di previsione)</translation>
</message>
<message>
<source>Hidden layers</source>
<translation>Strati nascosti</translation>
</message>
<message>
<source>Hidden layers to try</source>
<translation>Numeri di strati nascosti da provare</translation>
</message>
<message>
<source>High</source>
<translation>Alta</translation>
</message>
<message>
<source>Hillshade</source>
<translation>Ombreggiatura</translation>
</message>
<message>
<source>Hold-out (80/20, as in Azarafza et al. 2021)</source>
<translation>Parte tenuta da parte (80/20, come in Azarafza et al. 2021)</translation>
</message>
<message>
<source>Horn (1981), as GDAL does</source>
<translation>Horn (1981), come fa GDAL</translation>
</message>
<message>
<source>How a cell shares out what drains through it, for flow accumulation, specific catchment area, wetness and stream power: all to the steepest of eight neighbours (D8), to all lower neighbours by their slopes (multiple flow), or to the two beside the steepest way down (D∞). D8 is the quickest and draws straight lines on even slopes, the others spread there. The drainage network, heights above it and watersheds follow D8 whatever is chosen.</source>
<translation>Come una cella ripartisce ciò che vi drena, per accumulo del flusso, area di bacino specifica, umidità e potenza della corrente: tutto alla più ripida delle otto vicine (D8), a tutte le vicine più basse secondo la pendenza (flusso multiplo), o alle due ai lati della via più ripida (D∞). D8 è il più veloce e traccia linee dritte su pendii uniformi, dove gli altri si allargano. Il reticolo di drenaggio, le altezze su di esso e i bacini seguono D8 in ogni caso.</translation>
</message>
<message>
<source>How cells are divided into training and test cells. Spatial folds come with random ones beside them, and random ones with spatial.</source>
<translation>Come le celle si dividono in addestramento e test. I fold spaziali portano accanto quelli casuali, e i casuali quelli spaziali.</translation>
</message>
<message>
<source>How far they may lie from where they are mapped. They are moved by it in random directions, and the AUC of the map is told again. Empty: two cells of the map, for a trial. 0: not at all.</source>
<translation>Quanto possono distare da dove sono cartografate. Vengono spostate di tanto in direzioni casuali, e l'AUC della carta è indicata di nuovo. Vuoto: due celle della carta, per prova. 0: per nulla.</translation>
</message>
<message>
<source>How large landslides are on average. 1: points; more: polygons, each grown from a cell over the most susceptible ground.</source>
<translation>Quanto sono grandi in media le frane. 1: punti; di più: poligoni, ciascuno cresciuto da una cella sul terreno più suscettibile.</translation>
</message>
<message>
<source>How many cells a landslide has at most, where some are spread over it.</source>
<translation>Quante celle ha al massimo una frana, dove se ne prendono alcune sparse su di essa.</translation>
</message>
<message>
<source>How many landslides to draw; at most one in a cell.</source>
<translation>Quante frane estrarre; al massimo una per cella.</translation>
</message>
<message>
<source>How many non-landslide cells are drawn for each landslide cell; in training both kinds count the same in all. The default of 5 becomes less, but no less than 3, where it means more than 10,000 cells, and where no more cells qualify; any other number is kept. Azarafza et al. (2021) have 1.</source>
<translation>Quante celle senza frana si estraggono per ogni cella di frana; nell'addestramento i due tipi contano in tutto lo stesso. Il valore predefinito 5 diventa minore, ma non meno di 3, dove vorrebbe dire più di 10.000 celle, e dove non ce ne sono abbastanza; ogni altro numero resta. Azarafza et al. (2021) hanno 1.</translation>
</message>
<message>
<source>How many of the highest classes: of five, 2 are high and very high.</source>
<translation>Quante delle classi più alte: di cinque, 2 sono alta e molto alta.</translation>
</message>
<message>
<source>How often landslides are moved.</source>
<translation>Quante volte le frane vengono spostate.</translation>
</message>
<message>
<source>How often the values of each covariate are exchanged between places (permuted) in each fold; their spread is told.</source>
<translation>Quante volte i valori di ogni covariata si scambiano fra i luoghi (permutazione) in ogni fold; si dice la loro dispersione.</translation>
</message>
<message>
<source>How often to deal the cells into folds anew; more make the intervals narrower.</source>
<translation>Quante volte ridistribuire le celle nei fold; più volte fanno intervalli più stretti.</translation>
</message>
<message>
<source>How the breaks between classes are found.</source>
<translation>Come si trovano i limiti tra le classi.</translation>
</message>
<message>
<source>How the learning rate falls during training.</source>
<translation>Come scende il tasso di apprendimento durante l'addestramento.</translation>
</message>
<message>
<source>How the limits between classes of a continuous covariate are found.</source>
<translation>Come si trovano i limiti tra le classi di una covariata continua.</translation>
</message>
<message>
<source>How the map is divided into classes for the density of landslides; a map of classes keeps its own.</source>
<translation>Come la mappa si divide in classi per la densità di frane; una mappa di classi tiene le sue.</translation>
</message>
<message>
<source>Importance, response curves and the point explained, with what each means.</source>
<translation>Importanza, curve di risposta e il punto spiegato, con il significato di ciascuno.</translation>
</message>
<message>
<source>In how many parts of the area the model is fitted anew; each takes about as long as one member of its training.</source>
<translation>In quante parti dell'area il modello si adatta di nuovo; ognuna richiede circa il tempo di un membro del suo addestramento.</translation>
</message>
<message>
<source>In scripts: {}.</source>
<translation>Negli script: {}.</translation>
</message>
<message>
<source>In training, however many cells it has. No: each cell counts the same, so large landslides speak louder, which suits maps of where ground fails (all cells of a polygon; Sinčić et al. 2024). Yes suits maps of where landslides begin, or few large ones among many.</source>
<translation>Nell'addestramento, per quante celle abbia. No: ogni cella conta lo stesso, perciò le frane grandi parlano più forte, il che va bene per mappe di dove il terreno cede (tutte le celle di un poligono; Sinčić et al. 2024). Sì va bene per mappe di dove cominciano le frane, o per poche grandi tra molte.</translation>
</message>
<message>
<source>Install or repair the engine</source>
<translation>Installa o ripara il motore</translation>
</message>
<message>
<source>Install the engine (about 4 GB)</source>
<translation>Installa il motore (circa 4 GB)</translation>
</message>
<message>
<source>Install the engine first.</source>
<translation>Prima installa il motore.</translation>
</message>
<message>
<source>Install the newest versions</source>
<translation>Installa le versioni più nuove</translation>
</message>
<message>
<source>Installation log</source>
<translation>Registro dell'installazione</translation>
</message>
<message>
<source>Install…</source>
<translation>Installa…</translation>
</message>
<message>
<source>Into how many classes the map is divided.</source>
<translation>In quante classi si divide la mappa.</translation>
</message>
<message>
<source>Isotonic</source>
<translation>Isotonica</translation>
</message>
<message>
<source>It failed; “Copy diagnostics” in the menu Scarp has the details.</source>
<translation>Non è riuscito; «Copia diagnostica» nel menu Scarp ha i dettagli.</translation>
</message>
<message>
<source>Its mean AUC</source>
<translation>La sua AUC media</translation>
</message>
<message>
<source>Land use</source>
<translation>Uso del suolo</translation>
</message>
<message>
<source>Land use: field with the class</source>
<translation>Uso del suolo: campo con la classe</translation>
</message>
<message>
<source>Landslide</source>
<translation>Frana</translation>
</message>
<message>
<source>Landslide inventory</source>
<translation>Inventario delle frane</translation>
</message>
<message>
<source>Landslide inventory or labelled cells</source>
<translation>Inventario delle frane o celle con etichetta</translation>
</message>
<message>
<source>Landslide inventory or sample cells</source>
<translation>Inventario delle frane o celle campione</translation>
</message>
<message>
<source>Landslides as points or polygons, best such that the map was made without; or cells with and without landslides, if the field below is set.</source>
<translation>Frane come punti o poligoni, meglio se la mappa è stata fatta senza di esse; o celle con e senza frane, se il campo qui sotto è indicato.</translation>
</message>
<message>
<source>Landslides as points or polygons, in any coordinate reference system.</source>
<translation>Frane come punti o poligoni, in qualsiasi sistema di riferimento.</translation>
</message>
<message>
<source>Landslides as points or polygons; or sample cells, if the field below is set.</source>
<translation>Frane come punti o poligoni; o celle campione, se il campo qui sotto è indicato.</translation>
</message>
<message>
<source>Landslides nearer to each other than this count as one, which is not divided between training and test. Half a patch (the default patch is 15 cells wide) keeps points apart whose patches overlap most. 0: each for itself.</source>
<translation>Frane più vicine tra loro di così contano come una, che non si divide tra addestramento e test. Mezza patch (quella predefinita è larga 15 celle) tiene insieme i punti le cui patch si sovrappongono di più. 0: ognuna per sé.</translation>
</message>
<message>
<source>Landslides of the new area, or sample cells</source>
<translation>Frane della nuova area, o celle campione</translation>
</message>
<message>
<source>Landslides of this day (2021-04-30) and later happened after the inventory that the map was made from: they are held out, and earlier ones are what is chosen above.</source>
<translation>Le frane di questo giorno (2021-04-30) e successive sono avvenute dopo l'inventario da cui è stata fatta la carta: sono tenute da parte, e le precedenti sono ciò che è scelto sopra.</translation>
</message>
<message>
<source>Landslides that take no part in training, in any coordinate reference system; the AUC is then that of them (prediction), and landslides in both inventories do not train.</source>
<translation>Frane che non partecipano all'addestramento, in qualsiasi sistema di riferimento; l'AUC è allora la loro (previsione), e le frane presenti in tutti e due gli inventari non addestrano.</translation>
</message>
<message>
<source>Landslides that take no part in training; the AUC of them is then the headline (prediction rate). Empty: a part of the inventory is kept for the test.</source>
<translation>Frane che non partecipano all'addestramento; la loro AUC è allora la cifra principale (tasso di previsione). Vuoto: una parte dell'inventario si tiene per il test.</translation>
</message>
<message>
<source>Landslides that the map was made from</source>
<translation>Frane da cui è stata fatta la mappa</translation>
</message>
<message>
<source>Landslides to count in each class, and to find breaks by where the method does.</source>
<translation>Frane da contare in ogni classe, e da cui trovare i limiti dove il metodo lo fa.</translation>
</message>
<message>
<source>Landslides together within (m)</source>
<translation>Frane insieme entro (m)</translation>
</message>
<message>
<source>Later landslides from this date</source>
<translation>Frane successive da questa data</translation>
</message>
<message>
<source>Learning rate</source>
<translation>Tasso di apprendimento</translation>
</message>
<message>
<source>Learning rates to try</source>
<translation>Tassi di apprendimento da provare</translation>
</message>
<message>
<source>Learning-rate schedule</source>
<translation>Andamento del tasso di apprendimento</translation>
</message>
<message>
<source>Lengthwise or upright, whichever makes the map larger.</source>
<translation>In orizzontale o in verticale, come la carta viene più grande.</translation>
</message>
<message>
<source>Local relief</source>
<translation>Rilievo locale</translation>
</message>
<message>
<source>Logistic regression</source>
<translation>Regressione logistica</translation>
</message>
<message>
<source>Low</source>
<translation>Bassa</translation>
</message>
<message>
<source>Make a first map</source>
<translation>Fai una prima mappa</translation>
</message>
<message>
<source>Make a first map (a few minutes)</source>
<translation>Fai una prima mappa (alcuni minuti)</translation>
</message>
<message>
<source>Makes a synthetic mountain landscape with everything that a landslide susceptibility study starts from, and an inventory of landslides drawn from a susceptibility that is known. Use it to learn Scarp, and to see how close a model can come to the truth: no model can be expected to predict better than the true susceptibility itself, though by chance it may on one draw of test cells.

The same seed makes the same landscape.</source>
<translation>Crea un paesaggio montano sintetico con tutto ciò da cui parte uno studio di suscettibilità da frana, e un inventario di frane estratte da una suscettibilità che è nota. Serve per imparare Scarp, e per vedere quanto un modello può avvicinarsi alla verità: da nessun modello ci si può aspettare che preveda meglio della suscettibilità vera, anche se per caso può riuscirci su una singola estrazione di celle di test.

Lo stesso seme crea lo stesso paesaggio.</translation>
</message>
<message>
<source>Makes the Python environment that Scarp computes in (TensorFlow, scikit-learn and more), with pip, in your user folder. QGIS's own Python stays as it is. Run it once after installing the plugin; run it again to repair a damaged or interrupted installation. It needs about 4 GB of disk and a connection to a Python package index; the proxy that QGIS is set to, and pip's own settings (index, proxy, certificates), are respected.</source>
<translation>Crea l'ambiente Python in cui Scarp calcola (TensorFlow, scikit-learn e altro), con pip, nella tua cartella utente. Il Python di QGIS resta com'è. Eseguilo una volta dopo aver installato il plugin; eseguilo di nuovo per riparare un'installazione danneggiata o interrotta. Servono circa 4 GB di disco e una connessione a un indice di pacchetti Python; il proxy impostato in QGIS e le impostazioni di pip (indice, proxy, certificati) vengono rispettati.</translation>
</message>
<message>
<source>Makes the evaluation of Azarafza et al. (2021) on your own data: the CNN–DNN and other classifiers learn from the same cells in the same folds (parts of the cells that take turns in testing), the settings of each are searched inside the training part of each fold, and every metric of that study is reported with its uncertainty and a test of whether the CNN–DNN is really better or worse.

Random folds flatter, since the test cells have neighbours among the training cells; folds of whole spatial blocks tell how well a model does on ground that it has not seen. Both are shown side by side. The best model is fitted to all cells but those of a test inventory and can be mapped with “Map susceptibility”.</source>
<translation>Fa la valutazione di Azarafza et al. (2021) sui propri dati: la CNN–DNN e altri classificatori imparano dalle stesse celle negli stessi fold (parti delle celle che a turno fanno da test), le impostazioni di ciascuno si cercano dentro la parte di addestramento di ogni fold, e ogni metrica di quello studio viene riportata con la sua incertezza e con un test che dice se la CNN–DNN è davvero migliore o peggiore.

I fold casuali lusingano, perché le celle di test hanno vicine tra quelle di addestramento; i fold di interi blocchi spaziali dicono quanto vale un modello su terreno che non ha visto. Si mostrano entrambi, uno accanto all'altro. Il modello migliore si adatta a tutte le celle tranne quelle di un inventario di test e si può mappare con «Mappa suscettibilità».</translation>
</message>
<message>
<source>Manual breaks</source>
<translation>Limiti a mano</translation>
</message>
<message>
<source>Map a new area</source>
<translation>Mappa una nuova area</translation>
</message>
<message>
<source>Map susceptibility</source>
<translation>Mappa suscettibilità</translation>
</message>
<message>
<source>Maps susceptibility of another area with a model file that was trained before, and sorts it into five classes. The stack of the area must have the covariates that the model was trained with, prepared in the same way.</source>
<translation>Mappa la suscettibilità di un'altra area con un file di modello addestrato prima, e la divide in cinque classi. Lo stack dell'area deve avere le covariate con cui il modello è stato addestrato, preparate allo stesso modo.</translation>
</message>
<message>
<source>Method</source>
<translation>Metodo</translation>
</message>
<message>
<source>Model file</source>
<translation>File del modello</translation>
</message>
<message>
<source>Model file of the best</source>
<translation>File del modello migliore</translation>
</message>
<message>
<source>Model that serves best</source>
<translation>Modello che serve meglio</translation>
</message>
<message>
<source>Moderate</source>
<translation>Moderata</translation>
</message>
<message>
<source>Most cells of a polygon</source>
<translation>Massimo di celle di un poligono</translation>
</message>
<message>
<source>Most classes that a continuous covariate is divided into.</source>
<translation>Il massimo di classi in cui si divide una covariata continua.</translation>
</message>
<message>
<source>Most important covariate</source>
<translation>Covariata più importante</translation>
</message>
<message>
<source>Most passes over the training cells; training stops when it no longer helps. 0: 40, fewer of more than 1,000 training cells, but no fewer than 15.</source>
<translation>Massimo di passaggi sulle celle di addestramento; l'addestramento si ferma quando non serve più. 0: 40, meno con più di 1.000 celle di addestramento, ma non meno di 15.</translation>
</message>
<message>
<source>Multilayer perceptron</source>
<translation>Percettrone multistrato</translation>
</message>
<message>
<source>Multiple flow, Freeman (1991)</source>
<translation>Flusso multiplo, Freeman (1991)</translation>
</message>
<message>
<source>Natural breaks (Jenks)</source>
<translation>Interruzioni naturali (Jenks)</translation>
</message>
<message>
<source>Near-infrared band</source>
<translation>Banda dell'infrarosso vicino</translation>
</message>
<message>
<source>Near-infrared band: number</source>
<translation>Banda dell'infrarosso vicino: numero</translation>
</message>
<message>
<source>Near-infrared reflectance</source>
<translation>Riflettanza nell'infrarosso vicino</translation>
</message>
<message>
<source>Networks of the CNN–DNN with different seeds; susceptibility is their mean.</source>
<translation>Reti della CNN–DNN con semi diversi; la suscettibilità è la loro media.</translation>
</message>
<message>
<source>Networks with different seeds; susceptibility is their mean.</source>
<translation>Reti con semi diversi; la suscettibilità è la loro media.</translation>
</message>
<message>
<source>No absence is drawn nearer than this, in metres from centre to centre, to a cell that a landslide covers, if only in part.</source>
<translation>Nessuna assenza si estrae più vicino di così, in metri da centro a centro, a una cella che una frana copre, anche solo in parte.</translation>
</message>
<message>
<source>No half-written output is left; run again.</source>
<translation>Non resta nessun output scritto a metà; ripeti.</translation>
</message>
<message>
<source>No landslide</source>
<translation>Nessuna frana</translation>
</message>
<message>
<source>Nodata</source>
<translation>Nodata (senza valore)</translation>
</message>
<message>
<source>Non-landslide cells per landslide cell</source>
<translation>Celle senza frana per cella con frana</translation>
</message>
<message>
<source>None</source>
<translation>Nessuna</translation>
</message>
<message>
<source>None (every cell counts the same)</source>
<translation>Nessuno (ogni cella conta lo stesso)</translation>
</message>
<message>
<source>Normalise after each convolution.</source>
<translation>Normalizza dopo ogni convoluzione.</translation>
</message>
<message>
<source>Northness</source>
<translation>Esposizione a nord</translation>
</message>
<message>
<source>Not known whether the map was made from them</source>
<translation>Non si sa se la mappa è stata fatta da esse</translation>
</message>
<message>
<source>Note</source>
<translation>Nota</translation>
</message>
<message>
<source>NumPy</source>
<translation>NumPy</translation>
</message>
<message>
<source>Number of classes</source>
<translation>Numero di classi</translation>
</message>
<message>
<source>Number of landslides</source>
<translation>Numero di frane</translation>
</message>
<message>
<source>On plateau (halved when validation stalls)</source>
<translation>A gradini (dimezzato quando la validazione ristagna)</translation>
</message>
<message>
<source>One band per covariate, with its name, kind and unit.</source>
<translation>Una banda per covariata, con nome, tipo e unità.</translation>
</message>
<message>
<source>One network is trained by each, for its training history in the report; the model is trained by the optimizer above.</source>
<translation>Con ognuno si addestra una rete, per la sua storia di addestramento nel rapporto; il modello si addestra con l'ottimizzatore qui sopra.</translation>
</message>
<message>
<source>One page of everything, to print; made for a PDF on A4.</source>
<translation>Una pagina con tutto, da stampare; fatta per un PDF in A4.</translation>
</message>
<message>
<source>One point per cell centre: landslide (1/0), subset (train/test), fold, x, y, origin.</source>
<translation>Un punto per centro di cella: landslide (1/0), subset (train/test), fold, x, y, origin.</translation>
</message>
<message>
<source>One polygon a class</source>
<translation>Un poligono per classe</translation>
</message>
<message>
<source>One, in the middle</source>
<translation>Una, nel mezzo</translation>
</message>
<message>
<source>Optimizer</source>
<translation>Ottimizzatore</translation>
</message>
<message>
<source>Optimizers to compare</source>
<translation>Ottimizzatori da confrontare</translation>
</message>
<message>
<source>Outside the area of applicability</source>
<translation>Fuori dall'area di applicabilità</translation>
</message>
<message>
<source>PDF or PNG (*.pdf *.png)</source>
<translation>PDF o PNG (*.pdf *.png)</translation>
</message>
<message>
<source>Paper</source>
<translation>Formato del foglio</translation>
</message>
<message>
<source>Passes of dropout</source>
<translation>Passaggi di dropout</translation>
</message>
<message>
<source>Patch size (cells)</source>
<translation>Dimensione della patch (celle)</translation>
</message>
<message>
<source>Patches of a class polygon that are smaller go to their largest neighbour, in the polygons alone. 0: all stay.</source>
<translation>Le parti di un poligono di classe più piccole vanno al vicino più grande, solo nei poligoni. 0: restano tutte.</translation>
</message>
<message>
<source>Patience (epochs)</source>
<translation>Pazienza (epoche)</translation>
</message>
<message>
<source>Permutations</source>
<translation>Permutazioni</translation>
</message>
<message>
<source>Pixels in an inch of paper. A raster with more cells is shown by every so manieth of them.</source>
<translation>Pixel per pollice di foglio. Di un raster con più celle se ne mostra una ogni tante.</translation>
</message>
<message>
<source>Plan curvature</source>
<translation>Curvatura planare</translation>
</message>
<message>
<source>Platt (logistic)</source>
<translation>Platt (logistica)</translation>
</message>
<message>
<source>Point to be explained</source>
<translation>Punto da spiegare</translation>
</message>
<message>
<source>Points, lines or polygons; gives “Distance to faults” in metres.</source>
<translation>Punti, linee o poligoni; dà «Distanza dalle faglie» in metri.</translation>
</message>
<message>
<source>Points, lines or polygons; gives “Distance to roads” in metres.</source>
<translation>Punti, linee o poligoni; dà «Distanza dalle strade» in metri.</translation>
</message>
<message>
<source>Points, lines or polygons; gives “Distance to settlements” in metres.</source>
<translation>Punti, linee o poligoni; dà «Distanza dagli abitati» in metri.</translation>
</message>
<message>
<source>Points, lines or polygons; gives “Distance to streams” in metres.</source>
<translation>Punti, linee o poligoni; dà «Distanza dai corsi d'acqua» in metri.</translation>
</message>
<message>
<source>Polygons that bound the study area. Empty: the whole DEM.</source>
<translation>Poligoni che delimitano l'area di studio. Vuoto: tutto il DEM.</translation>
</message>
<message>
<source>Polygons that bound the study area; cells outside them become nodata. Empty: the whole grid.</source>
<translation>Poligoni che delimitano l'area di studio; le celle fuori diventano nodata. Vuoto: tutta la griglia.</translation>
</message>
<message>
<source>Polygons with a field that names the class, or a raster of class codes.</source>
<translation>Poligoni con un campo che nomina la classe, o un raster di codici di classe.</translation>
</message>
<message>
<source>Polygons with the same name are one sub-area. Empty: each polygon is one.</source>
<translation>Poligoni con lo stesso nome sono una sottoarea. Vuoto: ogni poligono lo è.</translation>
</message>
<message>
<source>Polygons, such as districts or catchments: the figures are then given for each too.</source>
<translation>Poligoni, come comuni o bacini: le cifre si danno allora anche per ciascuno.</translation>
</message>
<message>
<source>Polygons: slope units, districts, catchments, buffers around roads; in any coordinate reference system.</source>
<translation>Poligoni: unità di versante, comuni, bacini, fasce attorno alle strade; in qualsiasi sistema di riferimento.</translation>
</message>
<message>
<source>Positional error of landslides (m)</source>
<translation>Errore di posizione delle frane (m)</translation>
</message>
<message>
<source>Prepare covariates</source>
<translation>Prepara covariate</translation>
</message>
<message>
<source>Print map</source>
<translation>Stampa carta</translation>
</message>
<message>
<source>Printed above the map.</source>
<translation>Stampato sopra la carta.</translation>
</message>
<message>
<source>Printed map</source>
<translation>Carta stampata</translation>
</message>
<message>
<source>Printed on the map. Empty: today.</source>
<translation>Stampata sulla carta. Vuota: oggi.</translation>
</message>
<message>
<source>Profile curvature</source>
<translation>Curvatura di profilo</translation>
</message>
<message>
<source>Project report</source>
<translation>Rapporto del progetto</translation>
</message>
<message>
<source>Purpose</source>
<translation>Scopo</translation>
</message>
<message>
<source>Put all patches of a class together; without, each patch is a polygon of its own.</source>
<translation>Unisce tutte le parti di una classe; senza, ogni parte è un poligono a sé.</translation>
</message>
<message>
<source>Puts all of a project on one page that prints to a clean PDF: purpose and terms, area, the inventory and its quality, conditioning factors, sampling, model, validation, classes, uncertainty, area of applicability, explanation, limits, the statement of type, level, scale and reliability that the JTC-1 guidelines ask for, a methods paragraph to paste, citation, versions and every parameter.

Give the folder in which the other algorithms wrote. Each left a run manifest (.run.json) beside its output, and by these the page takes what belongs to one map: its model, covariates, classes and so on. What has been written anew since is left out and named; what is missing is named with the algorithm that makes it. With several maps in the folder the newest is reported, unless one is given. Or give the files one by one.</source>
<translation>Mette tutto un progetto su una pagina che si stampa in un PDF pulito: scopo e termini, area, l'inventario e la sua qualità, fattori predisponenti, campionamento, modello, validazione, classi, incertezza, area di applicabilità, spiegazione, limiti, la dichiarazione di tipo, livello, scala e affidabilità che chiedono le linee guida JTC-1, un paragrafo di metodi da incollare, citazione, versioni e ogni parametro.

Si dia la cartella in cui hanno scritto gli altri algoritmi. Ognuno ha lasciato un manifesto di esecuzione (.run.json) accanto al suo risultato, e con questi la pagina prende ciò che appartiene a una mappa: il suo modello, le covariate, le classi e così via. Ciò che da allora è stato riscritto è tralasciato e nominato; ciò che manca è nominato con l'algoritmo che lo fa. Se nella cartella ci sono più mappe si riferisce della più recente, a meno che se ne indichi una. Oppure si diano i file uno per uno.</translation>
</message>
<message>
<source>Puts the susceptibility classes on paper, as a PDF or PNG: over a hillshade where one or a DEM is given, with coordinates, scale bar, north arrow, a legend that is a table of the classes, coordinate reference system, cell size, scale and date. The paper is turned so that the map is largest, and its scale is true when printed at full size. Nothing of QGIS's window is needed, so that it also works in models and by qgis_process.

The share of landslides in each class appears beside its area where “Classify susceptibility” had an inventory. Level ground has exactly the colours of the legend; slopes are lighter or darker.</source>
<translation>Porta le classi di suscettibilità su carta, in PDF o PNG: sopra un ombreggiato, se ne è dato uno o un DEM, con coordinate, barra di scala, freccia del nord, una legenda che è la tabella delle classi, sistema di riferimento, dimensione delle celle, scala e data. Il foglio è girato come la carta viene più grande, e la scala è vera se si stampa a grandezza naturale. Non serve la finestra di QGIS: funziona anche nei modelli e con qgis_process.

Accanto alla superficie di ogni classe appare la sua quota di frane, se «Classifica suscettibilità» aveva un inventario. Il terreno piano ha esattamente i colori della legenda; i versanti sono più chiari o più scuri.</translation>
</message>
<message>
<source>Python interpreter (empty: the engine that Scarp installs)</source>
<translation>Interprete Python (vuoto: il motore che Scarp installa)</translation>
</message>
<message>
<source>Python to make it from</source>
<translation>Python da cui crearlo</translation>
</message>
<message>
<source>Quantiles (equal areas)</source>
<translation>Quantili (aree uguali)</translation>
</message>
<message>
<source>RMSprop</source>
<translation>RMSprop</translation>
</message>
<message>
<source>Radius in metres of the window of topographic position, local relief and vector ruggedness; at least the neighbours count.</source>
<translation>Raggio in metri della finestra di posizione topografica, rilievo locale e asperità vettoriale; contano almeno le celle vicine.</translation>
</message>
<message>
<source>Random</source>
<translation>Casuale</translation>
</message>
<message>
<source>Random cells</source>
<translation>Celle casuali</translation>
</message>
<message>
<source>Random folds</source>
<translation>Fold casuali</translation>
</message>
<message>
<source>Random forest</source>
<translation>Foresta casuale</translation>
</message>
<message>
<source>Random, or by spatial blocks that belong as a whole to one part.</source>
<translation>Casuale, o per blocchi spaziali che appartengono interi a una parte.</translation>
</message>
<message>
<source>Range, area and share of each class, and its landslides where an inventory is given.</source>
<translation>Intervallo, area e quota di ogni classe, e le sue frane dove si dà un inventario.</translation>
</message>
<message>
<source>Rasters of class codes; each becomes a categorical covariate with the layer's name, of several bands each with its own.</source>
<translation>Raster di codici di classe; ognuno diventa una covariata categorica con il nome del layer; di più bande ciascuna con il proprio.</translation>
</message>
<message>
<source>Rasters of quantities (rainfall, say); each becomes a covariate with the layer's name, of several bands each with its own.</source>
<translation>Raster di quantità (piogge, per esempio); ognuno diventa una covariata con il nome del layer; di più bande ciascuna con il proprio.</translation>
</message>
<message>
<source>Ready: make a first map now.</source>
<translation>Pronto: ora fai una prima mappa.</translation>
</message>
<message>
<source>Red band</source>
<translation>Banda del rosso</translation>
</message>
<message>
<source>Red band: number</source>
<translation>Banda del rosso: numero</translation>
</message>
<message>
<source>Red reflectance</source>
<translation>Riflettanza nel rosso</translation>
</message>
<message>
<source>Reflectance in red; together with the near-infrared band it gives NDVI.</source>
<translation>Riflettanza nel rosso; insieme alla banda dell'infrarosso vicino dà l'NDVI.</translation>
</message>
<message>
<source>Reflectance in the near infrared; it may be the same raster as the red band, where that has several bands.</source>
<translation>Riflettanza nell'infrarosso vicino; può essere lo stesso raster della banda del rosso, se quello ha più bande.</translation>
</message>
<message>
<source>Reliability by the rules of the report</source>
<translation>Affidabilità secondo le regole del rapporto</translation>
</message>
<message>
<source>Repeats</source>
<translation>Ripetizioni</translation>
</message>
<message>
<source>Replace the packages of a complete engine by the newest versions that Scarp allows.</source>
<translation>Sostituisce i pacchetti di un motore completo con le versioni più nuove che Scarp ammette.</translation>
</message>
<message>
<source>Report</source>
<translation>Rapporto</translation>
</message>
<message>
<source>Resolution (dpi)</source>
<translation>Risoluzione (dpi)</translation>
</message>
<message>
<source>Resume an interrupted map</source>
<translation>Riprendi una mappa interrotta</translation>
</message>
<message>
<source>Resume an interrupted training</source>
<translation>Riprendi un addestramento interrotto</translation>
</message>
<message>
<source>Roads</source>
<translation>Strade</translation>
</message>
<message>
<source>Roughness</source>
<translation>Scabrezza</translation>
</message>
<message>
<source>SGD</source>
<translation>SGD</translation>
</message>
<message>
<source>SVM</source>
<translation>SVM</translation>
</message>
<message>
<source>Sample cells</source>
<translation>Celle campione</translation>
</message>
<message>
<source>Sample landslide and non-landslide cells</source>
<translation>Estrai celle con e senza frana</translation>
</message>
<message>
<source>Save a copy to my models</source>
<translation>Salva una copia nei miei modelli</translation>
</message>
<message>
<source>Scarp model (*.scarp)</source>
<translation>Modello di Scarp (*.scarp)</translation>
</message>
<message>
<source>Scarp – landslide susceptibility mapping</source>
<translation>Scarp – mappe di suscettibilità da frana</translation>
</message>
<message>
<source>Scarp's engine (TensorFlow, scikit-learn and more) is damaged or incomplete: run “Install or repair the engine” (scarp:installengine).</source>
<translation>Il motore di Scarp (TensorFlow, scikit-learn e altro) è danneggiato o incompleto: esegui «Installa o ripara il motore» (scarp:installengine).</translation>
</message>
<message>
<source>Scarp's engine (TensorFlow, scikit-learn and more) is not installed: run “Install or repair the engine” (scarp:installengine).</source>
<translation>Il motore di Scarp (TensorFlow, scikit-learn e altro) non è installato: esegui «Installa o ripara il motore» (scarp:installengine).</translation>
</message>
<message>
<source>Scarp: landslide susceptibility</source>
<translation>Scarp: suscettibilità da frana</translation>
</message>
<message>
<source>Screen covariates</source>
<translation>Esamina covariate</translation>
</message>
<message>
<source>Screening report</source>
<translation>Rapporto dell'esame</translation>
</message>
<message>
<source>Search the best hyper-parameters</source>
<translation>Cerca gli iperparametri migliori</translation>
</message>
<message>
<source>Second map</source>
<translation>Seconda mappa</translation>
</message>
<message>
<source>Seed</source>
<translation>Seme</translation>
</message>
<message>
<source>Seed cells (in a ring around landslides, beyond the buffer)</source>
<translation>Celle seme (in un anello attorno alle frane, oltre la fascia)</translation>
</message>
<message>
<source>Settlements</source>
<translation>Abitati</translation>
</message>
<message>
<source>Share of test cells</source>
<translation>Quota di celle di test</translation>
</message>
<message>
<source>Share of the area outside the area of applicability (%)</source>
<translation>Quota dell'area fuori dall'area di applicabilità (%)</translation>
</message>
<message>
<source>Shares of landslides</source>
<translation>Quote di frane</translation>
</message>
<message>
<source>Side of a block in metres. 0: from the covariates’ spatial autocorrelation, at least two patches.</source>
<translation>Lato di un blocco in metri. 0: dall'autocorrelazione spaziale delle covariate, almeno due patch.</translation>
</message>
<message>
<source>Side of the square of cells that the network sees; odd.</source>
<translation>Lato del quadrato di celle che la rete vede; dispari.</translation>
</message>
<message>
<source>Size of a landslide (cells)</source>
<translation>Dimensione di una frana (celle)</translation>
</message>
<message>
<source>Size of each step; Azarafza et al. (2021) have 0.01 for SGD, RMSprop and Adagrad.</source>
<translation>Ampiezza di ogni passo; Azarafza et al. (2021) hanno 0.01 per SGD, RMSprop e Adagrad.</translation>
</message>
<message>
<source>Slide, flow, fall and so on.</source>
<translation>Scivolamento, colata, crollo e così via.</translation>
</message>
<message>
<source>Slope</source>
<translation>Pendenza</translation>
</message>
<message>
<source>Slope alone</source>
<translation>La sola pendenza</translation>
</message>
<message>
<source>Slope and aspect by</source>
<translation>Pendenza ed esposizione secondo</translation>
</message>
<message>
<source>Smallest polygon (m²)</source>
<translation>Poligono più piccolo (m²)</translation>
</message>
<message>
<source>Soil</source>
<translation>Suolo</translation>
</message>
<message>
<source>Soil type</source>
<translation>Tipo di suolo</translation>
</message>
<message>
<source>Soil type: field with the class</source>
<translation>Tipo di suolo: campo con la classe</translation>
</message>
<message>
<source>Some, spread over it</source>
<translation>Alcune, sparse su di esso</translation>
</message>
<message>
<source>Sorts a susceptibility raster into classes, very low to very high, by natural breaks, quantiles, equal or geometric intervals, standard deviations, by shares of landslides or your own breaks. The class raster carries its names and colours, so that they appear in any GIS. With an inventory, the table tells how many landslides and how many of their cells fall into each class: in a good map, most lie in little area. Breaks found by landslides fit those landslides: test the classes on others.</source>
<translation>Divide un raster di suscettibilità in classi, da molto bassa a molto alta, per interruzioni naturali, quantili, intervalli uguali o geometrici, deviazioni standard, per quote di frane o per limiti propri. Il raster delle classi porta con sé nomi e colori, così che appaiano in ogni GIS. Con un inventario, la tabella dice quante frane e quante delle loro celle cadono in ogni classe: in una buona mappa, la maggior parte sta in poca area. Limiti trovati dalle frane si adattano a quelle frane: prova le classi su altre.</translation>
</message>
<message>
<source>Spatial blocks</source>
<translation>Blocchi spaziali</translation>
</message>
<message>
<source>Spatial folds</source>
<translation>Fold spaziali</translation>
</message>
<message>
<source>Spatial folds (blocks)</source>
<translation>Fold spaziali (blocchi)</translation>
</message>
<message>
<source>Spatial folds (k-means on coordinates)</source>
<translation>Fold spaziali (k-means sulle coordinate)</translation>
</message>
<message>
<source>Spatial folds (kNNDM: as far from training as the map lies from landslides)</source>
<translation>Fold spaziali (kNNDM: lontani dall'addestramento quanto la mappa dalle frane)</translation>
</message>
<message>
<source>Specific catchment area</source>
<translation>Area di bacino specifica</translation>
</message>
<message>
<source>Split into training and test cells</source>
<translation>Divisione in celle di addestramento e di test</translation>
</message>
<message>
<source>Standard deviation</source>
<translation>Deviazione standard</translation>
</message>
<message>
<source>Start with my own data…</source>
<translation>Comincia con i miei dati…</translation>
</message>
<message>
<source>State of the engine…</source>
<translation>Stato del motore…</translation>
</message>
<message>
<source>Step (halved after each third)</source>
<translation>A scalini (dimezzato dopo ogni terzo)</translation>
</message>
<message>
<source>Stream power</source>
<translation>Potenza della corrente</translation>
</message>
<message>
<source>Streams</source>
<translation>Corsi d'acqua</translation>
</message>
<message>
<source>Strongest factor</source>
<translation>Fattore più forte</translation>
</message>
<message>
<source>Study area</source>
<translation>Area di studio</translation>
</message>
<message>
<source>Sub-areas</source>
<translation>Sottoaree</translation>
</message>
<message>
<source>Susceptibility</source>
<translation>Suscettibilità</translation>
</message>
<message>
<source>Susceptibility classes</source>
<translation>Classi di suscettibilità</translation>
</message>
<message>
<source>Susceptibility from 0 to 1 on the stack's grid, a Cloud Optimized GeoTIFF with overviews and statistics.</source>
<translation>Suscettibilità da 0 a 1 sulla griglia dello stack, un Cloud Optimized GeoTIFF con panoramiche e statistiche.</translation>
</message>
<message>
<source>Susceptibility from 0 to 1 on the stack's grid.</source>
<translation>Suscettibilità da 0 a 1 sulla griglia dello stack.</translation>
</message>
<message>
<source>Susceptibility from DEM and landslides</source>
<translation>Suscettibilità da DEM e frane</translation>
</message>
<message>
<source>Susceptibility from covariates</source>
<translation>Suscettibilità da covariate</translation>
</message>
<message>
<source>Susceptibility is the mean of the network and of a forest of shallow trees on single cells; what each counts is chosen on held-out training cells. No: the network alone, as in Azarafza et al. (2021).</source>
<translation>La suscettibilità è la media della rete e di una foresta di alberi poco profondi su singole celle; quanto conta ciascuna si sceglie su celle di addestramento tenute da parte. No: la sola rete, come in Azarafza et al. (2021).</translation>
</message>
<message>
<source>Susceptibility map</source>
<translation>Mappa di suscettibilità</translation>
</message>
<message>
<source>Susceptibility of zones</source>
<translation>Suscettibilità di zone</translation>
</message>
<message>
<source>Table (*.csv *.gpkg *.xlsx)</source>
<translation>Tabella (*.csv *.gpkg *.xlsx)</translation>
</message>
<message>
<source>Table of classes</source>
<translation>Tabella delle classi</translation>
</message>
<message>
<source>Table of figures</source>
<translation>Tabella delle cifre</translation>
</message>
<message>
<source>Table of importance</source>
<translation>Tabella dell'importanza</translation>
</message>
<message>
<source>Table of metrics</source>
<translation>Tabella delle metriche</translation>
</message>
<message>
<source>Table of the benchmark</source>
<translation>Tabella del confronto</translation>
</message>
<message>
<source>Table of the validation</source>
<translation>Tabella della validazione</translation>
</message>
<message>
<source>Table with one row a class: frequency ratio, information value, weights of evidence (.csv, .gpkg or .xlsx).</source>
<translation>Tabella con una riga per classe: rapporto di frequenza, valore informativo, pesi di evidenza (.csv, .gpkg o .xlsx).</translation>
</message>
<message>
<source>Table with one row a covariate: advice, VIF, coefficients, information gain (.csv, .gpkg or .xlsx).</source>
<translation>Tabella con una riga per covariata: consiglio, VIF, coefficienti, guadagno di informazione (.csv, .gpkg o .xlsx).</translation>
</message>
<message>
<source>Tables and plots of all metrics, with the method in words, for a paper's supplement.</source>
<translation>Tabelle e grafici di tutte le metriche, con il metodo a parole, per il materiale supplementare di un articolo.</translation>
</message>
<message>
<source>Tables and plots of all metrics, with the method in words.</source>
<translation>Tabelle e grafici di tutte le metriche, con il metodo a parole.</translation>
</message>
<message>
<source>Takes a CNN–DNN that was trained elsewhere and adapts it with the few landslides that are known of another area: each of its networks is trained on from where it stands, and new trees grow beside its own. Prepare the other area’s covariates as those of the model; bands are matched by name.

Adapting does not always help. So three models are tested on landslides of the new area that they have not seen, whole landslides and whole blocks at a time: the model as it was, the adapted one, and one trained on the few landslides alone. Log and report say in one sentence which serves best, and whether chance alone may bring its lead. The adapted model is written in any case.

How it is done, and what it gave where it was measured, tells the page “Another area” (menu Scarp › Tutorial).</source>
<translation>Prende una CNN–DNN addestrata altrove e la adatta con le poche frane note di un'altra area: ognuna delle sue reti continua l’addestramento da dove si trova, e nuovi alberi crescono accanto ai suoi. Preparare le covariate dell'altra area come quelle del modello; le bande si abbinano per nome.

Adattare non aiuta sempre. Perciò tre modelli sono provati su frane della nuova area che non hanno visto, frane intere e blocchi interi alla volta: il modello com'era, quello adattato e uno addestrato solo sulle poche frane. Registro e rapporto dicono in una frase quale serve meglio, e se il solo caso può dare quel vantaggio. Il modello adattato è scritto in ogni caso.

Come si fa, e che cosa ha dato dove è stato misurato, lo dice la pagina «Another area» (menu Scarp › Tutorial).</translation>
</message>
<message>
<source>Tells how susceptible polygons are: slope units, districts, catchments, buffers around roads. Each gets the mean, the spread and the highest susceptibility of its cells and, where the susceptibility classes are given, the share of its area in each class and in the high ones together. Polygons may overlap and have any coordinate reference system; their own fields are kept. A polygon smaller than a cell gets that of the cell in its midst.</source>
<translation>Dice quanto sono suscettibili i poligoni: unità di versante, comuni, bacini, fasce attorno alle strade. Ognuno riceve la media, la dispersione e il massimo della suscettibilità delle sue celle e, dove si danno le classi di suscettibilità, la quota della sua area in ogni classe e in quelle alte insieme. I poligoni possono sovrapporsi e avere qualsiasi sistema di riferimento; i loro campi restano. Un poligono più piccolo di una cella riceve il valore della cella nel suo mezzo.</translation>
</message>
<message>
<source>Tells how well a susceptibility map ranks landslides, whichever tool made it. Best give landslides that the map was made without: their curve is the prediction rate, which says what the map can tell; that of the landslides it was made from is the success rate, which only says how well it fits. The AUC says how often a landslide gets the higher susceptibility of a landslide and a place without (0.5 is chance, 1 perfect). Everything is counted by landslides (each counts once) and by cells (large ones count more), and the cells of one landslide are one cluster in the intervals.

Without a field that tells landslides, they are told from all other cells of the map. With sub-areas or dates the figures are given for each. With a second map both are compared on the same landslides: a paired test of their AUCs, the agreement of their classes, and a raster of the difference. What each figure means, and which to quote, tells the page “Honest validation” (menu Scarp › Tutorial).</source>
<translation>Dice quanto bene una mappa di suscettibilità ordina le frane, qualunque programma l'abbia fatta. È meglio dare frane senza le quali la mappa è stata fatta: la loro curva è il tasso di previsione, che dice che cosa la mappa sa predire; quella delle frane da cui è stata fatta è il tasso di successo, che dice solo quanto vi si adatta. L'AUC dice quante volte, fra una frana e un luogo senza, la frana ha la suscettibilità più alta (0.5 è il caso, 1 la perfezione). Tutto si conta per frane (ognuna conta una volta) e per celle (le grandi contano di più), e le celle di una frana sono un solo gruppo negli intervalli.

Senza un campo che indica le frane, esse si distinguono da tutte le altre celle della mappa. Con sottoaree o date le cifre si danno per ciascuna. Con una seconda mappa le due si confrontano sulle stesse frane: un test appaiato delle loro AUC, l'accordo delle loro classi e un raster della differenza. Che cosa significa ogni cifra, e quale citare, lo dice la pagina «Honest validation» (menu Scarp › Tutorial).</translation>
</message>
<message>
<source>Tells what a model goes by, a network as well as any classifier of the benchmark. Importance: by how much the AUC falls on landslides that the model has not seen, once a covariate, or a group of them, tells it of other ground. Since the model may know the landslides of the inventory, models like it are fitted anew without those of a part of the area; say so (“These landslides”) if it was trained without them, which is much quicker.

The report also draws how susceptibility responds to each covariate. With a point it tells what makes the susceptibility there; the raster of the strongest factor tells for each cell what does most to make it more, or less, susceptible than average ground.

What a model goes by need not be what causes landslides. What each figure means tells the page “What a model goes by” (menu Scarp › Tutorial).</source>
<translation>Dice da che cosa si fa guidare un modello, una rete come qualsiasi classificatore del confronto. Importanza: di quanto cala l'AUC su frane che il modello non ha visto, quando una covariata, o un gruppo di esse, gli parla di altro terreno. Poiché il modello può conoscere le frane dell'inventario, modelli come questo si adattano di nuovo senza quelle di una parte dell'area; indicalo («Queste frane») se è stato addestrato senza di esse: è molto più veloce.

Il rapporto disegna anche come la suscettibilità risponde a ogni covariata. Con un punto dice che cosa fa la suscettibilità in quel luogo; il raster del fattore più forte dice per ogni cella che cosa più la rende più, o meno, suscettibile del terreno medio.

Ciò da cui un modello si fa guidare non è per forza ciò che causa le frane. Che cosa significa ogni cifra lo dice la pagina «What a model goes by» (menu Scarp › Tutorial).</translation>
</message>
<message>
<source>Tells which covariates to keep. The variance inflation factor (VIF) shows which of them repeat others: above 5, the limit of Azarafza et al. (2021), the others explain more than 80 % of a covariate. Pearson's coefficient and the information gain show how each relates to landslides; frequency ratio, information value and weights of evidence, which of its classes do.

The table has one row a covariate with an advice (keep, drop or doubtful) and its reason. The report has all figures, and maps of the covariates. Nothing is left out of the stack: to do so, prepare it anew without a covariate.</source>
<translation>Dice quali covariate tenere. Il fattore di inflazione della varianza (VIF) mostra quali ripetono altre: sopra 5, il limite di Azarafza et al. (2021), le altre spiegano più dell'80 % di una covariata. Il coefficiente di Pearson e il guadagno di informazione mostrano come ciascuna è legata alle frane; rapporto di frequenza, valore informativo e pesi di evidenza, quali delle sue classi lo sono.

La tabella ha una riga per covariata con un consiglio (tenere, togliere o dubbia) e il suo motivo. Il rapporto ha tutte le figure, e mappe delle covariate. Nulla viene tolto dallo stack: per farlo, preparalo di nuovo senza una covariata.</translation>
</message>
<message>
<source>Template</source>
<translation>Raster modello</translation>
</message>
<message>
<source>Temporal (train before a date, test after)</source>
<translation>Temporale (addestra prima di una data, prova dopo)</translation>
</message>
<message>
<source>TensorFlow (a GPU where there is one)</source>
<translation>TensorFlow (una GPU dove c'è)</translation>
</message>
<message>
<source>Terrain ruggedness</source>
<translation>Asperità del terreno</translation>
</message>
<message>
<source>Test from this date</source>
<translation>Test da questa data</translation>
</message>
<message>
<source>Test inventory</source>
<translation>Inventario di test</translation>
</message>
<message>
<source>Text (*.txt)</source>
<translation>Testo (*.txt)</translation>
</message>
<message>
<source>That of the new area: the output of “Prepare covariates”, with the covariates of the model.</source>
<translation>Quella della nuova area: l'output di «Prepara covariate», con le covariate del modello.</translation>
</message>
<message>
<source>The CNN–DNN to be adapted, as “Train CNN–DNN” or this algorithm wrote it.</source>
<translation>La CNN–DNN da adattare, scritta da «Addestra CNN–DNN» o da questo algoritmo.</translation>
</message>
<message>
<source>The address of a Dask scheduler, such as tcp://host:8786 or tls://host:8786; empty: this machine. Its workers map the windows, and must see the stack under the same path.</source>
<translation>L'indirizzo di uno scheduler Dask, come tcp://host:8786 o tls://host:8786; vuoto: questo computer. I suoi worker mappano le finestre, e devono vedere lo stack sotto lo stesso percorso.</translation>
</message>
<message>
<source>The address of a Dask scheduler, such as tcp://host:8786 or tls://host:8786; empty: this machine. Its workers train the classifiers of the folds.</source>
<translation>L'indirizzo di uno scheduler Dask, come tcp://host:8786 o tls://host:8786; vuoto: questo computer. I suoi worker addestrano i classificatori dei fold.</translation>
</message>
<message>
<source>The best classifier, fitted to all cells.</source>
<translation>Il classificatore migliore, adattato a tutte le celle.</translation>
</message>
<message>
<source>The cells are divided into so many parts (folds); each is the test once while the others train.</source>
<translation>Le celle si dividono in tante parti (fold); ognuna è una volta il test mentre le altre addestrano.</translation>
</message>
<message>
<source>The cells outside as polygons, drawn hatched over the map; needs the area of applicability (APPLICABILITY).</source>
<translation>Le celle fuori come poligoni, disegnate a tratteggio sopra la mappa; richiede l'area di applicabilità (APPLICABILITY).</translation>
</message>
<message>
<source>The cells that the model learnt from and was tested on; left out, they are temporary.</source>
<translation>Le celle da cui il modello ha imparato e su cui è stato provato; se mancano, sono temporanee.</translation>
</message>
<message>
<source>The classes as polygons, with their area (.gpkg or .shp).</source>
<translation>Le classi come poligoni, con la loro area (.gpkg o .shp).</translation>
</message>
<message>
<source>The classifier with the highest AUC, fitted to all cells but those of a test inventory, for “Map susceptibility”.</source>
<translation>Il classificatore con l'AUC più alta, adattato a tutte le celle tranne quelle di un inventario di test, per «Mappa suscettibilità».</translation>
</message>
<message>
<source>The covariate stack, for further runs.</source>
<translation>Lo stack di covariate, per altre esecuzioni.</translation>
</message>
<message>
<source>The details are in {}.</source>
<translation>I dettagli sono in {}.</translation>
</message>
<message>
<source>The engine is ready ({}).</source>
<translation>Il motore è pronto ({}).</translation>
</message>
<message>
<source>The engine that Scarp computes in is not ready. {}</source>
<translation>Il motore in cui Scarp calcola non è pronto. {}</translation>
</message>
<message>
<source>The environment variable SCARP_PYTHON</source>
<translation>La variabile d'ambiente SCARP_PYTHON</translation>
</message>
<message>
<source>The field of the polygons that names the class; not needed for a raster.</source>
<translation>Il campo dei poligoni che nomina la classe; non serve per un raster.</translation>
</message>
<message>
<source>The first map minus the second one: of susceptibility where both hold it, else of the share of the area that ranks lower.</source>
<translation>La prima mappa meno la seconda: della suscettibilità dove entrambe la contengono, altrimenti della quota di area che sta più in basso.</translation>
</message>
<message>
<source>The formula for slope and aspect: Horn (1981), as GDAL does, or Zevenbergen and Thorne (1987).</source>
<translation>La formula per pendenza ed esposizione: Horn (1981), come fa GDAL, o Zevenbergen e Thorne (1987).</translation>
</message>
<message>
<source>The heading of the report.</source>
<translation>Il titolo del rapporto.</translation>
</message>
<message>
<source>The highest third</source>
<translation>Il terzo più alto</translation>
</message>
<message>
<source>The landscape is a square of this many cells.</source>
<translation>Il paesaggio è un quadrato di tante celle.</translation>
</message>
<message>
<source>The landslides whose quality is told. Empty: those that the model was made from, if their file is still where it was.</source>
<translation>Le frane di cui si dice la qualità. Vuoto: quelle da cui è nato il modello, se il loro file è ancora dov'era.</translation>
</message>
<message>
<source>The layers are written here, under plain names: dem.tif, geology.gpkg, inventory.gpkg, truth.tif, …</source>
<translation>I layer si scrivono qui, con nomi semplici: dem.tif, geology.gpkg, inventory.gpkg, truth.tif, …</translation>
</message>
<message>
<source>The map was made from them</source>
<translation>La mappa è stata fatta da esse</translation>
</message>
<message>
<source>The method that adjusts the weights.</source>
<translation>Il metodo che corregge i pesi.</translation>
</message>
<message>
<source>The model file that “Train CNN–DNN” or “Benchmark classifiers” wrote.</source>
<translation>Il file di modello scritto da «Addestra CNN–DNN» o «Confronta classificatori».</translation>
</message>
<message>
<source>The model for the new area.</source>
<translation>Il modello per la nuova area.</translation>
</message>
<message>
<source>The model may know them: fit it anew in spatial folds without them</source>
<translation>Il modello può conoscerle: adattalo di nuovo in fold spaziali senza di esse</translation>
</message>
<message>
<source>The output of “Classify susceptibility”, or another raster of few classes.</source>
<translation>Il risultato di «Classifica suscettibilità», o un altro raster di poche classi.</translation>
</message>
<message>
<source>The output of “Classify susceptibility”. Empty: that of the folder.</source>
<translation>Il risultato di “Classifica suscettibilità”. Vuoto: quello della cartella.</translation>
</message>
<message>
<source>The output of “Classify susceptibility”: gives the share of each class, and of the high ones together.</source>
<translation>L'output di «Classifica suscettibilità»: dà la quota di ogni classe, e di quelle alte insieme.</translation>
</message>
<message>
<source>The output of “Map susceptibility”, or any other raster of susceptibility.</source>
<translation>L'output di «Mappa suscettibilità», o qualsiasi altro raster di suscettibilità.</translation>
</message>
<message>
<source>The output of “Map susceptibility”, values from 0 to 1.</source>
<translation>L'output di «Mappa suscettibilità», valori da 0 a 1.</translation>
</message>
<message>
<source>The output of “Map susceptibility”. Empty: that of the folder.</source>
<translation>Il risultato di “Mappa suscettibilità”. Vuoto: quello della cartella.</translation>
</message>
<message>
<source>The output of “Prepare covariates” for the new area.</source>
<translation>L'output di «Prepara covariate» per la nuova area.</translation>
</message>
<message>
<source>The output of “Prepare covariates”, of the same area or another.</source>
<translation>L'output di «Prepara covariate», della stessa area o di un'altra.</translation>
</message>
<message>
<source>The output of “Prepare covariates”, with the covariates of the model.</source>
<translation>L'output di «Prepara covariate», con le covariate del modello.</translation>
</message>
<message>
<source>The output of “Prepare covariates”.</source>
<translation>L'output di «Prepara covariate».</translation>
</message>
<message>
<source>The output of “Prepare covariates”. Empty: that of the folder.</source>
<translation>Il risultato di “Prepara covariate”. Vuoto: quello della cartella.</translation>
</message>
<message>
<source>The output of “Sample landslide and non-landslide cells”. Empty: that of the folder.</source>
<translation>Il risultato di “Estrai celle con e senza frana”. Vuoto: quello della cartella.</translation>
</message>
<message>
<source>The part of the cells that is kept for the test; 0.2 as in Azarafza et al. (2021).</source>
<translation>La parte delle celle tenuta per il test; 0.2 come in Azarafza et al. (2021).</translation>
</message>
<message>
<source>The polygons with their fields and susc_mean, susc_highest, susc_percent_high_classes and more.</source>
<translation>I poligoni con i loro campi e susc_mean, susc_highest, susc_percent_high_classes e altri.</translation>
</message>
<message>
<source>The provider setting “Python interpreter”</source>
<translation>L'impostazione «Interprete Python» di Scarp</translation>
</message>
<message>
<source>The same seed draws the same cells and the same absences.</source>
<translation>Lo stesso seme estrae le stesse celle e le stesse assenze.</translation>
</message>
<message>
<source>The same seed draws the same cells.</source>
<translation>Lo stesso seme estrae le stesse celle.</translation>
</message>
<message>
<source>The same seed moves landslides the same way.</source>
<translation>Lo stesso seme sposta le frane nello stesso modo.</translation>
</message>
<message>
<source>The same seed on the same machine gives the same model.</source>
<translation>Lo stesso seme sullo stesso computer dà lo stesso modello.</translation>
</message>
<message>
<source>The same seed on the same machine gives the same results.</source>
<translation>Lo stesso seme sullo stesso computer dà gli stessi risultati.</translation>
</message>
<message>
<source>The same seed on the same machine trains the same model.</source>
<translation>Lo stesso seme sullo stesso computer addestra lo stesso modello.</translation>
</message>
<message>
<source>The sample cells with the number of the fold that tests them, to look at.</source>
<translation>Le celle campione con il numero del fold che le prova, da guardare.</translation>
</message>
<message>
<source>The share of units that each training step leaves out.</source>
<translation>La quota di unità che ogni passo di addestramento lascia fuori.</translation>
</message>
<message>
<source>The side of a cell in metres.</source>
<translation>Il lato di una cella in metri.</translation>
</message>
<message>
<source>The side of a spatial block in metres. 0: from the spatial autocorrelation of the covariates, at least two patches.</source>
<translation>Il lato di un blocco spaziale in metri. 0: dall'autocorrelazione spaziale delle covariate, almeno due patch.</translation>
</message>
<message>
<source>The slope below which ground counts as flat; used where flat ground is sampled.</source>
<translation>La pendenza sotto la quale il terreno conta come piano; serve dove si estrae terreno piano.</translation>
</message>
<message>
<source>The table of “Benchmark classifiers”. Empty: that of the folder.</source>
<translation>La tabella di “Confronta classificatori”. Vuoto: quella della cartella.</translation>
</message>
<message>
<source>The table of “Classify susceptibility”. Empty: that of the folder.</source>
<translation>La tabella di “Classifica suscettibilità”. Vuoto: quella della cartella.</translation>
</message>
<message>
<source>The table of “Explain model”. Empty: that of the folder.</source>
<translation>La tabella di “Spiega modello”. Vuoto: quella della cartella.</translation>
</message>
<message>
<source>The table of “Screen covariates”. Empty: that of the folder.</source>
<translation>La tabella di “Esamina covariate”. Vuoto: quella della cartella.</translation>
</message>
<message>
<source>The table of “Validate susceptibility map”. Empty: that of the folder.</source>
<translation>La tabella di “Valida mappa di suscettibilità”. Vuoto: quella della cartella.</translation>
</message>
<message>
<source>The table that “Classify susceptibility” wrote with the classes: adds the landslides of each class. Empty: what that run told beside the classes, else areas alone.</source>
<translation>La tabella che «Classifica suscettibilità» ha scritto con le classi: aggiunge le frane di ogni classe. Vuoto: ciò che quell'esecuzione ha lasciato accanto alle classi, altrimenti le sole superfici.</translation>
</message>
<message>
<source>The trained model, for “Map a new area” and “Map susceptibility”.</source>
<translation>Il modello addestrato, per «Mappa una nuova area» e «Mappa suscettibilità».</translation>
</message>
<message>
<source>The trained model, for “Map susceptibility”.</source>
<translation>Il modello addestrato, per «Mappa suscettibilità».</translation>
</message>
<message>
<source>The training cells are dealt into this many folds, for cross-validation.</source>
<translation>Le celle di addestramento si distribuiscono in tanti fold, per la validazione incrociata.</translation>
</message>
<message>
<source>The worker was ended by the system (exit code {}; most likely it ran out of memory); no half-written output is left. Close other programs or use a smaller area, and run again.</source>
<translation>Il processo di calcolo è stato chiuso dal sistema (codice d'uscita {}; probabilmente mancava memoria); non resta nessun output scritto a metà. Chiudi altri programmi o usa un'area più piccola, e ripeti.</translation>
</message>
<message>
<source>The worker was told to end by the system or by another program; run again.</source>
<translation>Il processo di calcolo è stato chiuso dal sistema o da un altro programma; ripeti.</translation>
</message>
<message>
<source>The worker {} could not be started; run “Install or repair the engine” (scarp:installengine).</source>
<translation>Il processo di calcolo {} non si è potuto avviare; esegui «Installa o ripara il motore» (scarp:installengine).</translation>
</message>
<message>
<source>These landslides</source>
<translation>Queste frane</translation>
</message>
<message>
<source>Three bands on the stack's grid. Uncertainty: the standard deviation of what the model's members say, each calibrated as the map is. Class stability: the share of members that put the cell into the class that the map puts it into, 0 to 1. Susceptibility and uncertainty: tens for low, moderate and high susceptibility (below 1/3, below 2/3, and above), units for low, moderate and high uncertainty (below 0.05, below 0.10, and above). Trees beside the network are shared by all members, so their own spread is not in it.</source>
<translation>Tre bande sulla griglia dello stack. Incertezza: la deviazione standard di ciò che dicono i membri del modello, ciascuno calibrato come la mappa. Stabilità delle classi: la quota dei membri che mettono la cella nella classe in cui la mette la mappa, da 0 a 1. Suscettibilità e incertezza: decine per suscettibilità bassa, moderata e alta (sotto 1/3, sotto 2/3 e oltre), unità per incertezza bassa, moderata e alta (sotto 0.05, sotto 0.10 e oltre). Gli alberi accanto alla rete sono comuni a tutti i membri, perciò la loro dispersione non vi è contenuta.</translation>
</message>
<message>
<source>Title</source>
<translation>Titolo</translation>
</message>
<message>
<source>Topographic position</source>
<translation>Posizione topografica</translation>
</message>
<message>
<source>Topographic wetness</source>
<translation>Umidità topografica</translation>
</message>
<message>
<source>Train CNN–DNN</source>
<translation>Addestra CNN–DNN</translation>
</message>
<message>
<source>Training cells nearer to a test cell of spatial folds are left out. 0: none.</source>
<translation>Le celle di addestramento più vicine di così a una cella di test dei fold spaziali si lasciano fuori. 0: nessuna.</translation>
</message>
<message>
<source>Training history, ROC curve, confusion matrix and metrics on the test cells.</source>
<translation>Storia dell'addestramento, curva ROC, matrice di confusione e metriche sulle celle di test.</translation>
</message>
<message>
<source>Training report</source>
<translation>Rapporto dell'addestramento</translation>
</message>
<message>
<source>Trains the coupled network of Azarafza et al. (2021): a convolutional part reads the patch of covariates around a cell, a dense part also sees the cell's own covariates, and both together tell how susceptible the cell is. The report shows the training history and how well the model ranks landslides that it never saw, as an AUC: how often a landslide gets the higher susceptibility of a landslide and a place without (0.5 is chance, 1 perfect).

Give a landslide inventory as it is (cells without landslides are then drawn with the defaults of “Sample landslide and non-landslide cells”), or sample cells with the field that tells landslides. The defaults suit most areas.</source>
<translation>Addestra la rete accoppiata di Azarafza et al. (2021): una parte convoluzionale legge la patch di covariate attorno a una cella, una parte densa vede anche le covariate della cella stessa, e insieme dicono quanto è suscettibile la cella. Il rapporto mostra la storia dell'addestramento e quanto bene il modello ordina frane che non ha mai visto, con l'AUC: quante volte, fra una frana e un luogo senza, la frana ha la suscettibilità più alta (0.5 è il caso, 1 la perfezione).

Dai un inventario delle frane così com'è (le celle senza frana si estraggono allora con i valori predefiniti di «Estrai celle con e senza frana»), o celle campione con il campo che indica le frane. I valori predefiniti vanno bene per la maggior parte delle aree.</translation>
</message>
<message>
<source>Trees beside the network</source>
<translation>Alberi accanto alla rete</translation>
</message>
<message>
<source>True susceptibility</source>
<translation>Suscettibilità vera</translation>
</message>
<message>
<source>Try the grid below on folds inside the training cells, and train with the point of the highest AUC. Takes long.</source>
<translation>Prova la griglia qui sotto su fold dentro le celle di addestramento, e addestra con il punto dell'AUC più alta. Richiede molto tempo.</translation>
</message>
<message>
<source>Turn susceptibility into the share of landslide cells among cells like it, learnt on folds of the training cells.</source>
<translation>Trasforma la suscettibilità nella quota di celle di frana tra celle come questa, imparata su fold delle celle di addestramento.</translation>
</message>
<message>
<source>Turns a landslide inventory into sample cells: every cell of a landslide is a presence, and cells without landslides are drawn as absences: at random, in a ring around the landslides (seed cells), or on flat ground. A buffer keeps absences away from landslides. Each cell belongs to the training or the test part, and the training cells are dealt into folds, parts that take turns in testing.

Split by blocks to test how well the model predicts ground that it has not seen; a random split flatters, since neighbours are alike.</source>
<translation>Trasforma un inventario delle frane in celle campione: ogni cella di una frana è una presenza, e celle senza frane si estraggono come assenze: a caso, in un anello attorno alle frane (celle seme) o su terreno piano. Una fascia tiene le assenze lontane dalle frane. Ogni cella appartiene alla parte di addestramento o a quella di test, e le celle di addestramento si dividono in fold, parti che a turno fanno da test.

Dividi per blocchi per provare quanto bene il modello predice terreno che non ha visto; una divisione casuale lusinga, perché le vicine si somigliano.</translation>
</message>
<message>
<source>Tutorial</source>
<translation>Guida</translation>
</message>
<message>
<source>Two bands on the stack's grid, after Meyer and Pebesma (2021). Dissimilarity index: how far a cell lies from the nearest training cell in the space of standardised covariates, weighted by their importance for the model, divided by the mean distance between training cells. Inside: 1 where it is at most the threshold that the folds of the validation gave, else 0.</source>
<translation>Due bande sulla griglia dello stack, secondo Meyer e Pebesma (2021). Indice di dissimilarità: quanto una cella dista dalla cella di addestramento più vicina nello spazio delle covariate standardizzate, pesate per la loro importanza per il modello, diviso per la distanza media tra le celle di addestramento. Dentro: 1 dove è al massimo la soglia data dai fold della validazione, altrimenti 0.</translation>
</message>
<message>
<source>Types of movement</source>
<translation>Tipi di movimento</translation>
</message>
<message>
<source>Uncertainty</source>
<translation>Incertezza</translation>
</message>
<message>
<source>Units</source>
<translation>Unità</translation>
</message>
<message>
<source>Units of the first dense layer; each further one has half.</source>
<translation>Unità del primo strato denso; ogni successivo ne ha la metà.</translation>
</message>
<message>
<source>Units to try</source>
<translation>Numeri di unità da provare</translation>
</message>
<message>
<source>VIF limit</source>
<translation>Limite del VIF</translation>
</message>
<message>
<source>Validate susceptibility map</source>
<translation>Valida mappa di suscettibilità</translation>
</message>
<message>
<source>Validation</source>
<translation>Validazione</translation>
</message>
<message>
<source>Validation cells</source>
<translation>Celle di validazione</translation>
</message>
<message>
<source>Validation report</source>
<translation>Rapporto della validazione</translation>
</message>
<message>
<source>Vector layers (power lines, say); each gives the distance to its features, named after the layer.</source>
<translation>Layer vettoriali (linee elettriche, per esempio); ognuno dà la distanza dai suoi elementi, con il nome del layer.</translation>
</message>
<message>
<source>Vector ruggedness</source>
<translation>Asperità vettoriale</translation>
</message>
<message>
<source>Very high</source>
<translation>Molto alta</translation>
</message>
<message>
<source>Very low</source>
<translation>Molto bassa</translation>
</message>
<message>
<source>Watershed</source>
<translation>Bacino</translation>
</message>
<message>
<source>What a landslide cell counts against a non-landslide cell in the loss.</source>
<translation>Quanto conta nella perdita una cella di frana rispetto a una senza frana.</translation>
</message>
<message>
<source>What becomes of cells that no polygon covers, or that the raster has no class for.</source>
<translation>Che cosa ne è delle celle che nessun poligono copre, o per cui il raster non ha una classe.</translation>
</message>
<message>
<source>What computes the networks. TensorFlow needs seconds to start and is then faster: by itself Scarp takes NumPy below ten million cells times members. The maps are the same.</source>
<translation>Con che cosa si calcolano le reti. TensorFlow impiega alcuni secondi per partire e poi è più veloce: da sé Scarp prende NumPy sotto dieci milioni di celle per membri. Le mappe sono le stesse.</translation>
</message>
<message>
<source>What is known of it: how landslides were found, where nobody looked, from which size on all are mapped.</source>
<translation>Che cosa se ne sa: come si sono trovate le frane, dove nessuno ha guardato, da quale dimensione in su sono tutte rilevate.</translation>
</message>
<message>
<source>What one unit of elevation is in metres: 1 for metres, 0.3048 for feet. Empty: as the DEM declares, which is metres where it declares nothing.</source>
<translation>Quanti metri è un'unità di quota: 1 per metri, 0.3048 per piedi. Vuoto: come dichiara il DEM, cioè metri dove non dichiara nulla.</translation>
</message>
<message>
<source>What the map is for, in a sentence or two: for which decisions, at which scale, in which area.</source>
<translation>A che cosa serve la mappa, in una o due frasi: per quali decisioni, a quale scala, in quale area.</translation>
</message>
<message>
<source>What they are to the map: their curve is the prediction rate if they are held out, the success rate if the map was made from them.</source>
<translation>Che cosa sono per la mappa: la loro curva è il tasso di previsione se sono tenute da parte, il tasso di successo se la mappa è stata fatta da esse.</translation>
</message>
<message>
<source>What they are to the model. What a model learnt from landslides says nothing of others, so importance is measured on landslides that it has not seen: by models like it, each fitted anew without those of a part of the area, or by the model itself.</source>
<translation>Che cosa sono per il modello. Ciò che un modello ha imparato da certe frane non dice nulla di altre, perciò l'importanza si misura su frane che non ha visto: con modelli come questo, ciascuno adattato di nuovo senza quelle di una parte dell'area, o con il modello stesso.</translation>
</message>
<message>
<source>When each landslide happened (a day, month, year, span of years, …), for the period.</source>
<translation>Quando è avvenuta ogni frana (un giorno, un mese, un anno, un intervallo di anni, …), per il periodo.</translation>
</message>
<message>
<source>When each landslide happened (a day, month, year, span of years, …): the figures are then given by year too.</source>
<translation>Quando è avvenuta ogni frana (un giorno, un mese, un anno, un intervallo di anni, …): i valori sono allora dati anche per anno.</translation>
</message>
<message>
<source>Where absences come from.</source>
<translation>Da dove vengono le assenze.</translation>
</message>
<message>
<source>Where the other algorithms wrote; the folder and those directly in it are searched for their run manifests (.run.json). The newest map is reported, with what belongs to it. Empty: the files below alone.</source>
<translation>Dove hanno scritto gli altri algoritmi; nella cartella e in quelle direttamente al suo interno si cercano i loro manifesti di esecuzione (.run.json). Si riferisce della mappa più recente, con ciò che le appartiene. Vuoto: solo i file qui sotto.</translation>
</message>
<message>
<source>Which band of the raster it is; needed where that has several.</source>
<translation>Quale banda del raster; serve dove ne ha più di una.</translation>
</message>
<message>
<source>Which cells stand for a landslide. All, kept together where cells are divided, tell most (Sinčić et al. 2024); the highest third is where a landslide began, and leaves out where it ran to; one, or some spread over it, keep large landslides from outweighing small ones.</source>
<translation>Quali celle rappresentano una frana. Tutte, tenute insieme dove le celle si dividono, dicono di più (Sinčić et al. 2024); il terzo più alto è dove una frana cominciò, e lascia fuori dove arrivò; una, o alcune sparse su di essa, evitano che le frane grandi contino più delle piccole.</translation>
</message>
<message>
<source>Which classifiers to compare.</source>
<translation>Quali classificatori confrontare.</translation>
</message>
<message>
<source>Which covariates to compute, none without a DEM. Those of flow, from flow accumulation on, need the whole DEM in memory (some 24 bytes a cell, 2.7 GB for a province of 118 million cells); where memory is short, leave them out.</source>
<translation>Quali covariate calcolare, nessuna senza DEM. Quelle del flusso, dall'accumulo del flusso in poi, hanno bisogno di tutto il DEM in memoria (circa 24 byte per cella, 2,7 GB per una provincia di 118 milioni di celle); dove la memoria è poca, lasciale fuori.</translation>
</message>
<message>
<source>Which model serves best in the new area, tested on landslides held out, and how it was adapted.</source>
<translation>Quale modello serve meglio nella nuova area, provato su frane tenute da parte, e come è stato adattato.</translation>
</message>
<message>
<source>Which part of the training cells decides when to stop: random ones, or whole spatial blocks of at least two patches.</source>
<translation>Quale parte delle celle di addestramento decide quando fermarsi: celle casuali, o interi blocchi spaziali di almeno due patch.</translation>
</message>
<message>
<source>Which types count, as the field has them, whatever their case; several separated by commas, or by semicolons where their names have commas (debris flow; debris slide).</source>
<translation>Quali tipi contano, come li riporta il campo, in maiuscolo o minuscolo; più tipi separati da virgole, o da punti e virgola se i loro nomi contengono virgole (colata detritica; scivolamento di detrito).</translation>
</message>
<message>
<source>Whichever is sooner done</source>
<translation>Quello che finisce prima</translation>
</message>
<message>
<source>Who made the map, and for whom; below the title.</source>
<translation>Chi ha fatto la mappa, e per chi; sotto il titolo.</translation>
</message>
<message>
<source>Window radius (m)</source>
<translation>Raggio della finestra (m)</translation>
</message>
<message>
<source>With legend, table, coordinates, scale bar and north arrow, at the true scale of the paper.</source>
<translation>Con legenda, tabella, coordinate, barra di scala e freccia del nord, alla vera scala del foglio.</translation>
</message>
<message>
<source>Your first map is in the window. The report {} tells how good it is; all files are in the folder {}.</source>
<translation>La tua prima mappa è nella finestra. Il rapporto {} dice quanto è buona; tutti i file sono nella cartella {}.</translation>
</message>
<message>
<source>Z factor</source>
<translation>Fattore Z</translation>
</message>
<message>
<source>Zevenbergen and Thorne (1987)</source>
<translation>Zevenbergen e Thorne (1987)</translation>
</message>
<message>
<source>Zones</source>
<translation>Zone</translation>
</message>
<message>
<source>all stay</source>
<translation>restano tutte</translation>
</message>
<message>
<source>as the DEM declares</source>
<translation>come dichiara il DEM</translation>
</message>
<message>
<source>automatic</source>
<translation>automatico</translation>
</message>
<message>
<source>each for itself</source>
<translation>ciascuna per sé</translation>
</message>
<message>
<source>none</source>
<translation>nessuno</translation>
</message>
<message>
<source>the DEM's own</source>
<translation>quella del DEM</translation>
</message>
<message>
<source>the only one</source>
<translation>l'unica</translation>
</message>
<message>
<source>two cells of the map</source>
<translation>due celle della carta</translation>
</message>
<message>
<source>{} (copy {})</source>
<translation>{} (copia {})</translation>
</message>
<message>
<source>{} (copy)</source>
<translation>{} (copia)</translation>
</message>
<message>
<source>{} names {}, which does not exist; correct it or clear it.</source>
<translation>{} indica {}, che non esiste; correggila o svuotala.</translation>
</message>
<message>
<source>{} names {}, which lacks {}; install them there, or clear it and run “Install or repair the engine” (scarp:installengine).</source>
<translation>{} indica {}, a cui manca {}; installa lì ciò che manca, oppure svuotala ed esegui «Installa o ripara il motore» (scarp:installengine).</translation>
</message>
<message>
<source>“{}” is now among your models (Models, group Scarp), ready to be edited: {}</source>
<translation>«{}» è ora tra i tuoi modelli (Modelli, gruppo Scarp), pronto da modificare: {}</translation>
</message>
</context>
</TS>
